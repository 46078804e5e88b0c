/** A file open for writing. Positions and sizes are in bytes. */
export interface OpenFile {
  readonly size: number
  /** Writes at a position. Resolves with the number of bytes written, which may be fewer than given. */
  write(bytes: Buffer, at: { readonly offset: number; readonly position: number }): Promise<number>
  /** Resolves when everything written is durable. */
  sync(): Promise<void>
  /** Appends all bytes after the last append that succeeded. */
  writeSync(bytes: Buffer | string): void
  syncSync(): void
  truncateSync(size: number): void
  close(): void
}

/**
 * A folder with the file operations that a part needs: on disk (`systemDirectory`), or in the simulator's memory.
 * All operations throw, or reject with, the disk's errors. Created, renamed and removed names survive a power cut after
 * `sync`, a file's content after the file's own `sync`.
 */
export interface Directory {
  readonly path: string
  make(): void
  /** Names of files and folders, unordered. */
  names(): string[]
  has(name: string): boolean
  /** Milliseconds since 1970. */
  modifiedAt(name: string): number
  read(name: string): Promise<Buffer>
  readSync(name: string): Buffer
  /** `kept`: an existing file keeps its content; `emptied`: it is truncated. */
  open(name: string, contents: 'kept' | 'emptied'): OpenFile
  /** Atomic; replaces an existing target. */
  rename(from: string, to: string, into?: Directory): void
  /** Removes a file; does nothing if it does not exist. */
  remove(name: string): void
  /** Removes a file, or a folder with its content. */
  removeAll(name: string): Promise<void>
  /** Replaces a file's text atomically and durably; creates the folder if needed. */
  replace(name: string, text: string): Promise<void>
  sync(): void
  /** A subfolder. */
  below(name: string): Directory
}
