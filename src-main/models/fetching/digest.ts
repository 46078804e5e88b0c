import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, type FileHandle } from 'node:fs/promises'
import { DigestThread } from './digest-thread'

/** Expected hash of a whole file: SHA-256 of its bytes, or git's blob id (SHA-1 of `blob SIZE\0` and the bytes). */
export interface Digest {
  readonly kind: 'sha256' | 'git-blob'
  readonly hex: string
}

/** Hashes a file from its start while it is being written, so that little is left to hash when its last byte arrives. */
export interface RunningDigest {
  /** Hashes up to this offset, which must be written already. `hex` reports errors. */
  upTo(bytes: number): void
  /** Hash of the whole file, which must be written already. */
  hex(signal: AbortSignal): Promise<string>
  /** Resolves when the file is no longer read. */
  stop(): Promise<void>
}

/** Bytes hashed per turn of the event loop; more would block it for over a millisecond. */
const HASH_BYTES = 512 * 1024
/** Files from this size on are hashed on a thread: hashing them here would cost the event loop more than 30 ms in all. */
const THREAD_BYTES = 32 * 1024 * 1024

interface HashedFile {
  readonly kind: Digest['kind']
  readonly size: number
}

const algorithmOf = (kind: Digest['kind']): string => (kind === 'sha256' ? 'sha256' : 'sha1')
const headOf = ({ kind, size }: HashedFile): string => (kind === 'git-blob' ? `blob ${size}\0` : '')

const begin = (file: HashedFile): Hash => createHash(algorithmOf(file.kind)).update(headOf(file))

/** Hashes a file on disk. */
export const hexOf = async (path: string, kind: Digest['kind'], signal?: AbortSignal): Promise<string> => {
  const hash = begin({ kind, size: (await stat(path)).size })
  for await (const chunk of createReadStream(path, { signal, highWaterMark: HASH_BYTES })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Hashes a small file once it is complete. */
class SmallDigest implements RunningDigest {
  private work: Promise<string> | undefined

  constructor(
    private readonly handle: FileHandle,
    private readonly file: HashedFile,
  ) {}

  upTo(): void {
    // A small file is hashed in one go by `hex`.
  }

  hex(signal: AbortSignal): Promise<string> {
    return (this.work = this.read(signal))
  }

  async stop(): Promise<void> {
    await this.work?.catch(() => undefined)
  }

  private async read(signal: AbortSignal): Promise<string> {
    const { size } = this.file
    const hash = begin(this.file)
    const buffer = Buffer.allocUnsafeSlow(Math.min(HASH_BYTES, size))
    for (let at = 0; at < size;) {
      signal.throwIfAborted()
      const { bytesRead } = await this.handle.read(buffer, 0, Math.min(buffer.length, size - at), at)
      if (bytesRead === 0) throw new Error(`it ends after ${at} of ${size} bytes`)
      hash.update(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
    return hash.digest('hex')
  }
}

/** Begins to hash a file that is open for reading; `stop` before the handle is closed. */
export const beginDigest = (handle: FileHandle, file: HashedFile, threadBytes = THREAD_BYTES): RunningDigest =>
  file.size < threadBytes
    ? new SmallDigest(handle, file)
    : new DigestThread({ fd: handle.fd, algorithm: algorithmOf(file.kind), head: headOf(file), size: file.size })
