import { createWriteStream } from 'node:fs'
import { lstat, open, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gigabytes } from '@core/texts/english'
import { makeBelow } from '../../disk/below'
import { removeBelow, removeFile } from '../../disk/removal'
import { PARTIAL, type OwnPlace } from '../own-store'
import { matches } from './digest'
import type { Progress } from './progress'
import type { Offer, OfferedFile, Source } from './source'

/** Left free on the disk: the node's log is on it too. */
const SPARE_BYTES = 256 * 1024 * 1024

/** In a folder that is not complete: a person asked for it, so that it goes on after a restart. Never one of its files. */
const ASKED_FOR = '.asked-for'

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

/** A power cut must not leave a model that looks whole. */
const synced = async (path: string): Promise<void> => {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** There is no room for it. */
export class DiskFullError extends Error {
  constructor(neededBytes: number, freeBytes: number) {
    super(
      `the disk is full: ${gigabytes(neededBytes)} more are needed and ${gigabytes(freeBytes)} are free. ` +
        'Make room, and it goes on by itself',
    )
    this.name = 'DiskFullError'
  }
}

export interface BringOptions {
  readonly source: Source
  readonly progress: Progress
  readonly signal: AbortSignal
  /** On the disk of a folder; undefined where nobody knows. */
  readonly freeBytes: (directory: string) => Promise<number | undefined>
}

/**
 * A model's folder while it is not complete: `NAME.partial` beside the place it will have. Any source may go on with
 * what another began, since a file counts only when all of it is what the source that finished it says it must be.
 */
export class PartialModel {
  private readonly path: string
  /** Files that were found to be what they must be: hashing all of them again with each attempt takes minutes. */
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

  async exists(): Promise<boolean> {
    return (await stat(this.path).catch(() => undefined))?.isDirectory() ?? false
  }

  async downloadedBytes(): Promise<number> {
    const sizes = await Promise.all((await this.names()).map((name) => sizeOf(join(this.path, name))))
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** @throws OutsideError where a link lies on the way to it */
  async remove(): Promise<void> {
    await removeBelow(this.modelsDir, this.way)
  }

  /** Brings all files from one source, goes on where it was, and puts the whole into its place. */
  async bring({ source, progress, signal, freeBytes }: BringOptions): Promise<void> {
    const offer = await source.offer(signal)
    const { files } = offer
    if (files.length === 0) throw new Error('it has no files of that model')
    await makeBelow(this.modelsDir, this.way)
    await this.dropOthers(files)
    const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
    const downloadedBytes = await this.downloadedBytes()
    progress.begin({ totalBytes, downloadedBytes })
    const free = await freeBytes(this.path)
    const neededBytes = totalBytes - downloadedBytes
    if (free !== undefined && neededBytes > 0 && neededBytes + SPARE_BYTES > free)
      throw new DiskFullError(neededBytes, Math.max(0, free - SPARE_BYTES))

    await eachOf(files, { atOnce: source.filesAtOnce, signal }, (file, stop) =>
      this.bringFile({ offer, file, progress, signal: stop }),
    )
    await removeFile(this.path, ASKED_FOR)
    await removeBelow(this.modelsDir, [this.place.owner, this.place.name])
    await rename(this.path, this.place.path)
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
    const offered = new Map(files.map(({ name, size }) => [name, size]))
    for (const name of await this.names()) {
      if (name === ASKED_FOR) continue
      const size = offered.get(name)
      const here = await lstat(join(this.path, name))
      // What is larger than the whole is something else; through a link another file would be written.
      if (size === undefined || here.size > size || !here.isFile() || here.nlink > 1)
        await removeBelow(this.modelsDir, [...this.way, ...name.split('/')])
    }
  }

  private async bringFile(options: {
    readonly offer: Offer
    readonly file: OfferedFile
    readonly progress: Progress
    readonly signal: AbortSignal
  }): Promise<void> {
    const { offer, file, progress, signal } = options
    const path = join(this.path, file.name)
    if (dirname(path) !== this.path) await makeBelow(this.modelsDir, [...this.way, ...dirname(file.name).split('/')])
    const here = await sizeOf(path)
    if (here < file.size || here === 0) {
      this.verified.delete(file.name)
      const { from, bytes } = await offer.read(file, here, signal)
      if (from !== here) progress.add(from - here)
      const counted = noMoreThan(bytes, file.size - from, (size) => progress.add(size))
      await pipeline(counted, createWriteStream(path, { flags: from === 0 ? 'w' : 'a', mode: 0o600 }), { signal })
    }
    const arrived = await sizeOf(path)
    if (arrived < file.size) throw new Error(`${file.name} ended after ${arrived} of ${file.size} bytes`)
    const digest = await offer.digest(file, signal)
    if (this.verified.get(file.name) === digest.hex) return
    if (await matches(path, digest, signal)) {
      await synced(path)
      this.verified.set(file.name, digest.hex)
      return
    }
    // Whatever is wrong with it, going on from it would never make it right.
    await removeFile(dirname(path), basename(path))
    progress.add(-arrived)
    throw new Error(`${file.name} arrived damaged and is fetched again`)
  }
}

async function* noMoreThan(
  bytes: AsyncIterable<Uint8Array>,
  most: number,
  count: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  let left = most
  for await (const part of bytes) {
    left -= part.length
    if (left < 0) throw new Error('it sent more than the file has')
    count(part.length)
    yield part
  }
}

/** Does it for each, so many at the same time; the first that fails ends the others, and has ended them when it rejects. */
const eachOf = async <Item>(
  items: readonly Item[],
  { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal },
  act: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const waiting = [...items]
  let failure: { readonly error: unknown } | undefined
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && !stop.signal.aborted; item = waiting.shift()) {
      try {
        await act(item, stop.signal)
      } catch (error) {
        failure ??= { error }
        abort()
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  signal.removeEventListener('abort', abort)
  if (failure) throw failure.error
  if (stop.signal.aborted) throw new Error('it is not wanted any more')
}
