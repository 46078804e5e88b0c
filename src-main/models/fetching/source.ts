import type { Digest } from './digest'

/** A file of a model as somebody offers it. Its name is a plain one, or that of a step's settings (`isStepFile`). */
export interface OfferedFile {
  readonly name: string
  readonly size: number
}

/** Bytes of a file, `to` exclusive. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/** What a source offers of a model at one moment. */
export interface Offer {
  readonly files: readonly OfferedFile[]
  /** The commit that the files are of, where the source knows. */
  readonly revision?: string
  /** Those bytes of a file. A source that cannot give a part gives the whole file and says so. */
  read(
    file: OfferedFile,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<{ readonly isWhole: boolean; readonly bytes: AsyncIterable<Uint8Array> }>
  /** By what the source names the file's content. */
  digestKind(file: OfferedFile): Digest['kind']
  /** What the whole file has to be. */
  digest(file: OfferedFile, signal: AbortSignal): Promise<Digest>
}

/** Where a model can be had: another machine, or a hub. */
export interface Source {
  /** As people know it. */
  readonly name: string
  /** Requests that it answers at the same time. */
  readonly connections: number
  offer(signal: AbortSignal): Promise<Offer>
}
