import { lstat, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { coded } from '@core/texts/coded'
import { CodedError } from '@core/texts/coded-error'
import { makeBelow } from '../../disk/below'
import { removeBelow, removeFile } from '../../disk/removal'
import { PARTIAL, type OwnPlace } from '../stores/own-store'
import { DiskRoom, type DiskRoomOptions } from './disk-room'
import { ledgerBytes } from './ledger'
import { isLedger, ledgerName } from './piecewise-file'
import type { Progress } from './progress'
import type { RateLimit } from './rate-limit'
import type { OfferedFile, Source } from './source'
import { Transfer } from './transfer'

/**
 * Marker in an incomplete folder: the user asked for the model, so the download resumes after a restart. Never a model
 * file.
 */
const ASKED_FOR = '.asked-for'
/** Marker: the user paused the download; it stays paused across restarts. */
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

/** A completed model. */
export interface Brought {
  readonly directory: string
  readonly revision: string | undefined
  /** Each with the hash given by the source. */
  readonly files: readonly { readonly name: string; readonly hex: string }[]
}

/** Bytes on disk and in total. */
export interface Amount {
  readonly downloadedBytes: number
  readonly totalBytes: number
}

/**
 * The folder of an incomplete model: `NAME.partial` beside its final place. Any source can resume what another began,
 * because a file counts only once its hash matches the one given by the source that finished it.
 */
export class PartialModel {
  private readonly path: string
  private readonly verified = new Map<string, string>()

  /** Path segments below our store. */
  private readonly segments: readonly [string, string]

  constructor(
    private readonly modelsDir: string,
    private readonly place: OwnPlace,
  ) {
    this.path = `${place.path}${PARTIAL}`
    this.segments = [place.owner, `${place.name}${PARTIAL}`]
  }

  /** Marks that the user asked for it. */
  async keepAskedFor(): Promise<void> {
    await makeBelow(this.modelsDir, this.segments)
    await writeFile(join(this.path, ASKED_FOR), '', { mode: 0o600 })
  }

  isAskedFor(): Promise<boolean> {
    return stat(join(this.path, ASKED_FOR)).then(
      () => true,
      () => false,
    )
  }

  /** @param totalBytes of the whole model, as far as known */
  async keepPaused(totalBytes: number): Promise<void> {
    await makeBelow(this.modelsDir, this.segments)
    await writeFile(join(this.path, PAUSED), JSON.stringify({ totalBytes }), { mode: 0o600 })
  }

  async dropPaused(): Promise<void> {
    await removeFile(this.path, PAUSED)
  }

  /** Progress if the user paused it; undefined if not. */
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

  /** @throws OutsideError if its path contains a symbolic link */
  async remove(): Promise<void> {
    await removeBelow(this.modelsDir, this.segments)
  }

  /** Fetches all files from one source, resuming partial ones, and moves the folder to its final place. */
  async bring(options: BringOptions): Promise<Brought> {
    const { source, progress, limit, pieceBytes, signal } = options
    const offer = await source.offer(signal)
    const { files } = offer
    if (files.length === 0) throw new CodedError(coded('downloads.source.noFiles'))
    await makeBelow(this.modelsDir, this.segments)
    await this.dropOthers(files)
    for (const { name } of files)
      if (name.includes('/')) await makeBelow(this.modelsDir, [...this.segments, ...dirname(name).split('/')])
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

  /** Names of all entries; those in subfolders as `FOLDER/NAME`. */
  private async names(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true }).catch(() => [])
    const names = entries.map(async (entry) => {
      if (!entry.isDirectory()) return [entry.name]
      return (await readdir(join(this.path, entry.name))).map((name) => `${entry.name}/${name}`)
    })
    return (await Promise.all(names)).flat()
  }

  /** Removes files that this source does not offer: they came from another one. */
  private async dropOthers(files: readonly OfferedFile[]): Promise<void> {
    const kept = new Set<string>()
    const names = await this.names()
    for (const { name, size } of files) {
      if (!names.includes(name)) continue
      const here = await lstat(join(this.path, name))
      // Not resumable: a larger file is something else, and writing to a linked file would change another one.
      if (here.size > size || !here.isFile() || here.nlink > 1) continue
      kept.add(name)
      kept.add(ledgerName(name))
    }
    for (const name of names)
      if (!kept.has(name) && !NOTES.has(name)) await removeBelow(this.modelsDir, [...this.segments, ...name.split('/')])
  }
}

const readPaused = (text: string): z.infer<typeof Paused> => {
  try {
    return Paused.parse(JSON.parse(text))
  } catch {
    // The process was killed while writing the marker. The total size becomes known when the download resumes.
    return { totalBytes: 0 }
  }
}
