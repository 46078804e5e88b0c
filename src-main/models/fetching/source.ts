import type { Digest } from './digest'

/** A file of a model as somebody offers it. Its name is a plain one, or that of a step's settings (`isStepFile`). */
export interface OfferedFile {
  readonly name: string
  readonly size: number
}

/** What a source offers of a model at one moment. */
export interface Offer {
  readonly files: readonly OfferedFile[]
  /** Bytes from an offset to the file's end. A source that cannot begin in the middle begins at 0 and says so. */
  read(
    file: OfferedFile,
    offset: number,
    signal: AbortSignal,
  ): Promise<{ from: number; bytes: AsyncIterable<Uint8Array> }>
  /** What the whole file has to be. */
  digest(file: OfferedFile, signal: AbortSignal): Promise<Digest>
}

/** Where a model can be had: another machine, or a hub. */
export interface Source {
  /** As people know it. */
  readonly name: string
  /** Files that it gives at the same time. */
  readonly filesAtOnce: number
  offer(signal: AbortSignal): Promise<Offer>
}
