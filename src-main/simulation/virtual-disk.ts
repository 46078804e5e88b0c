import { join } from 'node:path'
import type { Random } from '@core/random'
import type { StepOf } from '@core/simulation/scenario'
import { epochMs } from '@core/time/clocks'
import type { Directory, OpenFile } from '../disk/directory'
import type { NodeClock } from './node-clock'

/** Duration of a sync on a healthy disk. */
const SYNC_MS = 3

type Trouble = Pick<StepOf<'disk'>, 'mode' | 'delayMs'>

const refusal = (code: string): Error => Object.assign(new Error(code), { code })

/** A file: its contents, and the part that would survive a power cut. */
class Stored {
  private bytes = Buffer.alloc(0)
  private length = 0
  private durable = Buffer.alloc(0)
  modifiedAt = 0

  get size(): number {
    return this.length
  }

  contents(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length))
  }

  write(added: Buffer, position: number): void {
    const end = position + added.length
    // `durable` is a view of the same buffer, so durable bytes are never overwritten in place.
    if (end > this.bytes.length || position < this.durable.length) {
      const grown = Buffer.alloc(Math.max(end, this.length * 2))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    added.copy(this.bytes, position)
    this.length = Math.max(this.length, end)
  }

  truncate(size: number): void {
    this.length = Math.min(this.length, size)
  }

  sync(): void {
    this.durable = this.bytes.subarray(0, this.length)
  }

  /** Power cut: of the unsynced bytes only the first `kept` remain. */
  cut(kept: (unsynced: number) => number): void {
    const isLonger = this.length > this.durable.length
    const end = isLonger ? this.durable.length + kept(this.length - this.durable.length) : 0
    this.durable = isLonger ? Buffer.from(this.bytes.subarray(0, end)) : this.durable
    this.bytes = this.durable
    this.length = this.durable.length
  }
}

interface Folder {
  readonly files: Map<string, Stored>
  /** The directory entries that would survive a power cut. */
  durable: Map<string, Stored>
}

/** The files of a disk at some time, by folder and name. */
export type DiskCopy = ReadonlyMap<string, ReadonlyMap<string, Buffer>>

/** A machine's disk. Loses unsynced data at a power cut, and can be slow, hang, be full, or refuse. */
export class VirtualDisk {
  private readonly folders = new Map<string, Folder>()
  private trouble: Trouble = { mode: 'sound', delayMs: 0 }
  private hanging: (() => void)[] = []

  constructor(
    private readonly clock: NodeClock,
    private readonly random: Random,
  ) {}

  get bytes(): number {
    const files = [...this.folders.values()].flatMap(({ files }) => [...files.values()])
    return files.reduce((sum, { size }) => sum + size, 0)
  }

  set(trouble: Trouble): void {
    this.trouble = trouble
    if (trouble.mode !== 'hangs') for (const resume of this.hanging.splice(0)) resume()
  }

  /** Power cut. `torn`: a part of the unsynced bytes survives. */
  cut({ torn }: { readonly torn: boolean }): void {
    this.hanging = []
    for (const folder of this.folders.values()) {
      for (const file of folder.durable.values()) file.cut((unsynced) => (torn ? this.random.integer(0, unsynced) : 0))
      folder.files.clear()
      for (const [name, file] of folder.durable) folder.files.set(name, file)
    }
  }

  copied(): DiskCopy {
    const contents = ({ files }: Folder) => new Map([...files].map(([name, file]) => [name, file.contents()]))
    return new Map([...this.folders].map(([path, folder]) => [path, contents(folder)]))
  }

  /** Replaces everything by a copy, durably. */
  restore(copy: DiskCopy): void {
    this.folders.clear()
    for (const [path, contents] of copy) {
      const folder = this.folder(path)
      for (const [name, bytes] of contents) {
        const file = new Stored()
        file.write(bytes, 0)
        file.sync()
        folder.files.set(name, file)
      }
      folder.durable = new Map(folder.files)
    }
  }

  directory(path: string): Directory {
    return {
      path,
      make: () => void this.folder(path),
      names: () => this.names(path),
      has: (name) => this.names(path).includes(name),
      modifiedAt: (name) => this.files(path).get(name)?.modifiedAt ?? 0,
      readSync: (name) => this.find(path, name).contents(),
      read: async (name) => {
        await this.ready(0)
        return this.find(path, name).contents()
      },
      open: (name, contents) => this.open(path, name, contents),
      rename: (from, to, into) => {
        this.refuse('refuses')
        const file = this.find(path, from)
        this.files(path).delete(from)
        this.files(into?.path ?? path).set(to, file)
      },
      remove: (name) => {
        this.refuse('refuses')
        this.files(path).delete(name)
      },
      removeAll: async (name) => {
        await this.ready(0)
        this.refuse('refuses')
        this.files(path).delete(name)
        for (const below of this.folders.keys())
          if (below === join(path, name) || below.startsWith(`${join(path, name)}/`)) this.folders.delete(below)
      },
      replace: async (name, text) => {
        await this.ready(SYNC_MS)
        this.refuse('refuses', 'full')
        const file = new Stored()
        file.write(Buffer.from(text), 0)
        file.sync()
        file.modifiedAt = epochMs(this.clock.wall())
        this.files(path).set(name, file)
        this.folder(path).durable.set(name, file)
      },
      sync: () => {
        this.refuse('refuses')
        const folder = this.folder(path)
        folder.durable = new Map(folder.files)
      },
      below: (name) => this.directory(join(path, name)),
    }
  }

  private folder(path: string): Folder {
    const known = this.folders.get(path)
    if (known) return known
    const folder: Folder = { files: new Map(), durable: new Map() }
    this.folders.set(path, folder)
    return folder
  }

  private files(path: string): Map<string, Stored> {
    const folder = this.folders.get(path)
    if (!folder) throw refusal('ENOENT')
    return folder.files
  }

  private names(path: string): string[] {
    const folders = [...this.folders.keys()].filter((below) => below.startsWith(`${path}/`))
    const inside = folders.map((below) => below.slice(path.length + 1)).filter((name) => !name.includes('/'))
    return [...this.files(path).keys(), ...inside]
  }

  private find(path: string, name: string): Stored {
    const file = this.files(path).get(name)
    if (!file) throw refusal('ENOENT')
    return file
  }

  private open(path: string, name: string, contents: 'kept' | 'emptied'): OpenFile {
    this.refuse('refuses')
    const files = this.files(path)
    const file = (contents === 'kept' ? files.get(name) : undefined) ?? new Stored()
    files.set(name, file)
    file.modifiedAt = epochMs(this.clock.wall())
    let written = 0
    return {
      get size() {
        return file.size
      },
      write: async (bytes, { offset, position }) => {
        await this.ready(0)
        this.refuse('refuses', 'full')
        file.write(bytes.subarray(offset), position)
        return bytes.length - offset
      },
      sync: async () => {
        await this.ready(SYNC_MS)
        this.refuse('refuses')
        file.sync()
      },
      writeSync: (bytes) => {
        this.refuse('refuses', 'full')
        const added = Buffer.from(bytes)
        file.write(added, written)
        written += added.length
      },
      syncSync: () => {
        this.refuse('refuses')
        file.sync()
      },
      truncateSync: (size) => {
        this.refuse('refuses')
        file.truncate(size)
      },
      close: () => undefined,
    }
  }

  private refuse(...modes: readonly Trouble['mode'][]): void {
    if (modes.includes(this.trouble.mode)) throw refusal(this.trouble.mode === 'full' ? 'ENOSPC' : 'EIO')
  }

  /** Resolves after this time, plus the disk's delay; never while the disk hangs. */
  private async ready(milliseconds: number): Promise<void> {
    if (this.trouble.mode === 'hangs') await new Promise<void>((resolve) => this.hanging.push(resolve))
    const more = this.trouble.mode === 'slow' ? this.trouble.delayMs : 0
    if (milliseconds + more > 0)
      await new Promise<void>((resolve) => void this.clock.after(milliseconds + more, resolve))
  }
}
