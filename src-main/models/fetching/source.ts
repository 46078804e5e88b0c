import type { Digest } from './digest'

/** A file of a model that a source offers: a plain name, or the settings file of a step (`isStepFile`). */
export interface OfferedFile {
  readonly name: string
  readonly size: number
}

/** Byte range, `to` exclusive. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/** What a source offers of a model at one moment. */
export interface Offer {
  readonly files: readonly OfferedFile[]
  /** Commit of the files, if the source tells it. */
  readonly revision?: string
  /**
   * Reads a byte range. A source that does not support ranges yields the whole file and says so. Each part is valid until
   * the next one is asked for.
   */
  read(
    file: OfferedFile,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<{ readonly isWhole: boolean; readonly bytes: AsyncIterable<Uint8Array> }>
  /** The kind of hash that the source gives for a file. */
  digestKind(file: OfferedFile): Digest['kind']
  /** Expected hash of the whole file. */
  digest(file: OfferedFile, signal: AbortSignal): Promise<Digest>
}

/** Where a model can be downloaded from: another machine, or a hub. */
export interface Source {
  /** Its name as shown to users. */
  readonly name: string
  /** Concurrent requests it serves. */
  readonly connections: number
  offer(signal: AbortSignal): Promise<Offer>
}
