import { lstat, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { makeBelow } from '../../disk/below'
import { removeBelow, removeFile } from '../../disk/removal'
import { PARTIAL, type OwnPlace } from '../own-store'
import { DiskRoom, type DiskRoomOptions } from './disk-room'
import { ledgerBytes } from './ledger'
import { isLedger, ledgerName } from './piecewise-file'
import type { Progress } from './progress'
import type { RateLimit } from './rate-limit'
import type { OfferedFile, Source } from './source'
import { Transfer } from './transfer'

/** In a folder that is not complete: a person asked for it, so that it goes on after a restart. Never one of its files. */
const ASKED_FOR = '.asked-for'
/** A person paused it: it stays as it is, also after a restart, until somebody resumes it. */
const PAUSED = '.paused'
const NOTES: ReadonlySet<string> = new Set([ASKED_FOR, PAUSED])

const Paused = z.object({ totalBytes: z.number().int().nonnegative() })

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

export interface BringOptions extends DiskRoomOptions {
  readonly source: Source
  readonly progress: Progress
  readonly limit: RateLimit
  readonly pieceBytes: number
  readonly signal: AbortSignal
}

/** A model that is complete. */
export interface Brought {
  readonly directory: string
  readonly revision: string | undefined
  /** With the hash that the source gave. */
  readonly files: readonly { readonly name: string; readonly hex: string }[]
}

/** How much of a model is there. */
export interface Amount {
  readonly downloadedBytes: number
  readonly totalBytes: number
}

/**
 * A model's folder while it is not complete: `NAME.partial` beside the place it will have. Any source may go on with
 * what another began, since a file counts only when all of it is what the source that finished it says it must be.
 */
export class PartialModel {
  private readonly path: string
  private readonly verified = new Map<string, string>()

  /** The folder's names below our store. */
  private readonly way: readonly [string, string]

  constructor(
    private readonly modelsDir: string,
    private readonly place: OwnPlace,
  ) {
    this.path = `${place.path}${PARTIAL}`
    this.way = [place.owner, `${place.name}${PARTIAL}`]
  }

  /** A person asked for it. */
  async keepAskedFor(): Promise<void> {
    await makeBelow(this.modelsDir, this.way)
    await writeFile(join(this.path, ASKED_FOR), '', { mode: 0o600 })
  }

  isAskedFor(): Promise<boolean> {
    return stat(join(this.path, ASKED_FOR)).then(
      () => true,
      () => false,
    )
  }

  /** @param totalBytes of the whole model, as far as anybody knows */
  async keepPaused(totalBytes: number): Promise<void> {
    await makeBelow(this.modelsDir, this.way)
    await writeFile(join(this.path, PAUSED), JSON.stringify({ totalBytes }), { mode: 0o600 })
  }

  async dropPaused(): Promise<void> {
    await removeFile(this.path, PAUSED)
  }

  /** How far it is where a person paused it; undefined where nobody did. */
  async paused(): Promise<Amount | undefined> {
    const text = await readFile(join(this.path, PAUSED), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const downloadedBytes = await this.downloadedBytes()
    const { totalBytes } = readPaused(text)
    return { downloadedBytes, totalBytes: Math.max(totalBytes, downloadedBytes) }
  }

  async exists(): Promise<boolean> {
    return (await stat(this.path).catch(() => undefined))?.isDirectory() ?? false
  }

  async downloadedBytes(): Promise<number> {
    const names = (await this.names()).filter((name) => !NOTES.has(name) && !isLedger(name))
    const bytes = names.map(
      async (name) => (await ledgerBytes(join(this.path, ledgerName(name)))) ?? (await sizeOf(join(this.path, name))),
    )
    return (await Promise.all(bytes)).reduce((sum, size) => sum + size, 0)
  }

  /** @throws OutsideError where a link lies on the way to it */
  async remove(): Promise<void> {
    await removeBelow(this.modelsDir, this.way)
  }

  /** Brings all files from one source, goes on where it was, and puts the whole into its place. */
  async bring(options: BringOptions): Promise<Brought> {
    const { source, progress, limit, pieceBytes, signal } = options
    const offer = await source.offer(signal)
    const { files } = offer
    if (files.length === 0) throw new Error('it has no files of that model')
    await makeBelow(this.modelsDir, this.way)
    await this.dropOthers(files)
    for (const { name } of files)
      if (name.includes('/')) await makeBelow(this.modelsDir, [...this.way, ...dirname(name).split('/')])
    const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
    const downloadedBytes = await this.downloadedBytes()
    progress.begin({ totalBytes, downloadedBytes })
    const room = new DiskRoom(options, this.path)
    await room.demand(totalBytes - downloadedBytes)
    await new Transfer({
      ...{ offer, pieceBytes, progress, room, limit, signal },
      connections: source.connections,
      folder: this.path,
      verified: this.verified,
    }).run()
    for (const note of NOTES) await removeFile(this.path, note)
    await removeBelow(this.modelsDir, [this.place.owner, this.place.name])
    await rename(this.path, this.place.path)
    return {
      directory: this.place.path,
      revision: offer.revision,
      files: files.flatMap(({ name }) => {
        const hex = this.verified.get(name)
        return hex === undefined ? [] : [{ name, hex }]
      }),
    }
  }

  /** What lies here, and what lies in folders here as `FOLDER/NAME`. */
  private async names(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true }).catch(() => [])
    const names = entries.map(async (entry) => {
      if (!entry.isDirectory()) return [entry.name]
      return (await readdir(join(this.path, entry.name))).map((name) => `${entry.name}/${name}`)
    })
    return (await Promise.all(names)).flat()
  }

  /** What only another source had is no part of the model that this one has. */
  private async dropOthers(files: readonly OfferedFile[]): Promise<void> {
    const kept = new Set<string>()
    const names = await this.names()
    for (const { name, size } of files) {
      if (!names.includes(name)) continue
      const here = await lstat(join(this.path, name))
      // What is larger than the whole is something else; through a link another file would be written.
      if (here.size > size || !here.isFile() || here.nlink > 1) continue
      kept.add(name)
      kept.add(ledgerName(name))
    }
    for (const name of names)
      if (!kept.has(name) && !NOTES.has(name)) await removeBelow(this.modelsDir, [...this.way, ...name.split('/')])
  }
}

const readPaused = (text: string): z.infer<typeof Paused> => {
  try {
    return Paused.parse(JSON.parse(text))
  } catch {
    // It was killed while it wrote that: how large the model is shows when it goes on.
    return { totalBytes: 0 }
  }
}
