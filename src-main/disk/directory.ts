/** A file that is open for writing. Positions and sizes are in bytes. */
export interface OpenFile {
  readonly size: number
  /** Writes from a position on. Resolves with how many of the bytes were written, which may be fewer than there are. */
  write(bytes: Buffer, at: { readonly offset: number; readonly position: number }): Promise<number>
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>
  /** Writes all of it, from where the last such write ended. */
  writeSync(bytes: Buffer | string): void
  syncSync(): void
  truncateSync(size: number): void
  close(): void
}

/**
 * A folder that a part keeps files in, with all that it may do there: the product's is on the disk (`systemDirectory`),
 * the simulator's in its memory. Everything throws, or rejects with, what the disk says. A name that was made, renamed
 * or removed survives a power cut after `sync`, and what a file holds after the file's own.
 */
export interface Directory {
  readonly path: string
  make(): void
  /** Of files and folders in it, in no order. */
  names(): string[]
  has(name: string): boolean
  /** Milliseconds since 1970. */
  modifiedAt(name: string): number
  read(name: string): Promise<Buffer>
  readSync(name: string): Buffer
  /** `kept`: with what the file has, if there is one; `emptied`: with nothing. */
  open(name: string, contents: 'kept' | 'emptied'): OpenFile
  /** In one step, over what has that name. */
  rename(from: string, to: string, into?: Directory): void
  /** A file; nothing happens where there is none. */
  remove(name: string): void
  /** A file, or a folder with all that is in it. */
  removeAll(name: string): Promise<void>
  /** The file's text as a whole, in one step and durable; the folder is made where it is missing. */
  replace(name: string, text: string): Promise<void>
  sync(): void
  /** A folder in it. */
  below(name: string): Directory
}
