import { join } from 'node:path'
import { coded } from '@core/texts/coded'
import { CodedError } from '@core/texts/coded-error'
import { DiskFullError, isDiskFull, type DiskRoom } from './disk-room'
import type { Piece } from './ledger'
import { PiecewiseFile } from './piecewise-file'
import type { Progress } from './progress'
import type { RateLimit } from './rate-limit'
import { ReceiveBuffer } from './receive-buffer'
import type { Offer, OfferedFile } from './source'

export interface TransferOptions {
  readonly offer: Offer
  /** Concurrent requests. */
  readonly connections: number
  /** Size of one request; larger files are fetched by several concurrent ones. */
  readonly pieceBytes: number
  /** Target folder; its subfolders exist. */
  readonly folder: string
  readonly progress: Progress
  readonly room: DiskRoom
  readonly limit: RateLimit
  readonly signal: AbortSignal
  /** Hashes of files that are already verified, because hashing them again with each attempt would take minutes. */
  readonly verified: Map<string, string>
}

interface Target {
  readonly file: OfferedFile
  readonly content: PiecewiseFile
  /** Pieces not yet assigned. */
  waiting: Piece[]
  /** Unfinished jobs. */
  left: number
}

interface Job {
  readonly target: Target
  /** Absent if all bytes are on disk and only the hash remains to be checked. */
  readonly piece: Piece | undefined
  /** Whether the response to this job shows if the source supports ranges. */
  readonly probes: boolean
}

/**
 * Downloads the files of one offer into a folder. A fixed number of workers take the next piece of the files in order,
 * so that files have few holes and are hashed while they arrive.
 *
 * 1. A file counts once its whole content has the hash given by the source; otherwise it is deleted.
 * 2. Received bytes are kept on any failure; the first failure stops the other workers.
 * 3. Several ranges of a file are requested only after the source has answered one request with a range. A source that
 *    gives only whole files is asked for each file once, from its start.
 *
 * Held by `tests/integration/fetching.test.ts`.
 */
export class Transfer {
  private readonly stop = new AbortController()
  private readonly files: OfferedFile[]
  private readonly open = new Set<Target>()
  private current: Target | undefined
  private lock: Promise<unknown> = Promise.resolve()
  private givesParts: boolean | undefined
  private probed: { readonly promise: Promise<void>; readonly end: () => void } | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(private readonly options: TransferOptions) {
    this.files = [...options.offer.files]
  }

  /**
   * Resolves when all files are complete and verified. Rejects with the first failure, after all writes have stopped.
   */
  async run(): Promise<void> {
    const { signal, connections } = this.options
    const abort = (): void => this.stop.abort()
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      await Promise.all(Array.from({ length: connections }, () => this.work()))
    } finally {
      signal.removeEventListener('abort', abort)
      for (const { content } of this.open) await content.close()
    }
    if (this.failure)
      throw isDiskFull(this.failure.error) ? new DiskFullError(coded('downloads.disk.refused')) : this.failure.error
    if (signal.aborted) throw new CodedError(coded('downloads.notWanted'))
  }

  private async work(): Promise<void> {
    try {
      for (let job = await this.next(); job && !this.stop.signal.aborted; job = await this.next()) await this.do(job)
    } catch (error) {
      this.failure ??= { error }
      this.stop.abort()
    }
  }

  /** Serialised: workers wait while a file is opened or the source's range support is probed. */
  private next(): Promise<Job | undefined> {
    const taken = this.lock.then(() => this.take())
    this.lock = taken.catch(() => undefined)
    return taken
  }

  private async take(): Promise<Job | undefined> {
    while (!this.stop.signal.aborted) {
      const target = this.current
      if (!target || target.waiting.length === 0) {
        const file = this.files.shift()
        if (!file) return undefined
        const opened = await this.opened(file)
        if (!opened) continue
        if (opened.waiting.length === 0) return { target: opened, piece: undefined, probes: false }
        this.current = opened
        continue
      }
      if (target.content.pieces.length === 1 || this.givesParts === true) return this.jobOf(target)
      if (this.givesParts === undefined && this.probed) {
        await this.probed.promise
        continue
      }
      const isFirst = this.givesParts === undefined
      if (isFirst) this.beginProbe()
      const job = this.jobOf(target)
      // A source without ranges sends all pieces in one response.
      if (!isFirst) target.waiting = []
      return { ...job, probes: isFirst }
    }
    return undefined
  }

  private jobOf(target: Target): Job {
    target.left += 1
    return { target, piece: target.waiting.shift(), probes: false }
  }

  private beginProbe(): void {
    let end = (): void => undefined
    const promise = new Promise<void>((resolve) => (end = resolve))
    this.probed = { promise, end }
  }

  /** Opens a file; undefined if it is already verified. */
  private async opened(file: OfferedFile): Promise<Target | undefined> {
    const { offer, verified, folder, pieceBytes } = this.options
    const known = verified.get(file.name)
    if (known !== undefined && known === (await offer.digest(file, this.stop.signal)).hex) return undefined
    verified.delete(file.name)
    const path = join(folder, file.name)
    const content = await PiecewiseFile.open({ path, size: file.size, pieceBytes, digest: offer.digestKind(file) })
    const target: Target = { file, content, waiting: content.missing(), left: 0 }
    this.open.add(target)
    return target
  }

  private async do({ target, piece, probes }: Job): Promise<void> {
    if (piece) {
      try {
        await this.bring(target, piece, probes)
      } finally {
        if (probes) this.probed?.end()
      }
      target.left -= 1
    }
    if (target.left === 0 && target.waiting.length === 0) await this.finish(target)
  }

  private async bring(target: Target, piece: Piece, probes: boolean): Promise<void> {
    const { offer, progress, room } = this.options
    const { file, content } = target
    await room.check()
    const range = { from: piece.from + piece.done, to: piece.to }
    const { isWhole, bytes } = await offer.read(file, range, this.stop.signal)
    const several = content.pieces.length > 1
    if (probes) {
      this.givesParts = !isWhole
      if (isWhole) target.waiting = []
      this.probed?.end()
    } else if (isWhole && several && this.givesParts === true)
      throw new CodedError(coded('downloads.source.whole', { file: file.name }))
    if (!isWhole) return this.receive(target, { pieces: [piece], bytes })
    if (content.downloadedBytes > 0) {
      progress.add(-content.downloadedBytes)
      await content.restart()
    }
    await this.receive(target, { pieces: content.pieces, bytes })
  }

  /** Writes a response body into consecutive pieces. */
  private async receive(
    { file, content }: Target,
    { pieces, bytes }: { readonly pieces: readonly Piece[]; readonly bytes: AsyncIterable<Uint8Array> },
  ): Promise<void> {
    const { progress, room, limit } = this.options
    const { signal } = this.stop
    let left = pieces.reduce((sum, { from, to, done }) => sum + to - from - done, 0)
    const buffer = new ReceiveBuffer({ content, pieces, room, bytes: left })
    try {
      for await (const part of bytes) {
        left -= part.length
        if (left < 0) throw new CodedError(coded('downloads.source.tooMuch'))
        await limit.take(part.length, signal)
        progress.add(part.length)
        await buffer.take(part)
        if (signal.aborted) break
      }
    } finally {
      await buffer.flush()
    }
    signal.throwIfAborted()
    if (left > 0) {
      const [done, size] = [String(content.downloadedBytes), String(file.size)]
      throw new CodedError(coded('downloads.source.brokeOff', { file: file.name, done, size }))
    }
  }

  private async finish(target: Target): Promise<void> {
    const { offer, verified, progress } = this.options
    const { file, content } = target
    const digest = await offer.digest(file, this.stop.signal)
    // The last bytes are hashed from memory, so the disk can sync at the same time.
    const [hex] = await Promise.all([content.hex(this.stop.signal), content.sync()])
    const isRight = hex === digest.hex
    if (isRight) {
      await content.settle()
      verified.set(file.name, digest.hex)
    } else {
      // The hash does not match: resuming from these bytes would never succeed.
      await content.remove()
      progress.add(-file.size)
    }
    this.open.delete(target)
    await content.close()
    if (!isRight) throw new CodedError(coded('downloads.source.damaged', { file: file.name }))
  }
}
