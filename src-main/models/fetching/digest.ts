import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'

/** Expected hash of a whole file: SHA-256 of its bytes, or git's blob id (SHA-1 of `blob SIZE\0` and the bytes). */
export interface Digest {
  readonly kind: 'sha256' | 'git-blob'
  readonly hex: string
}

/** Size of one read; each read waits for a thread of the pool. */
const READ_BYTES = 4 * 1024 * 1024
/** Bytes hashed per turn of the event loop; more would block it for over a millisecond. */
const HASH_BYTES = 512 * 1024

const begin = (kind: Digest['kind'], size: number): Hash => {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1')
  return kind === 'git-blob' ? hash.update(`blob ${size}\0`) : hash
}

/** Hashes a file on disk. */
export const hexOf = async (path: string, kind: Digest['kind'], signal?: AbortSignal): Promise<string> => {
  const hash = begin(kind, (await stat(path)).size)
  for await (const chunk of createReadStream(path, { signal, highWaterMark: HASH_BYTES })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/**
 * Hashes a file from its start while it is being written, so that little is left to hash when its last byte arrives.
 */
export class RunningDigest {
  private readonly hash: Hash
  private buffers: readonly [Buffer, Buffer]
  private hashed = 0
  private target = 0
  private isStopped = false
  private work: Promise<void> | undefined

  constructor(
    private readonly handle: FileHandle,
    private readonly file: { readonly kind: Digest['kind']; readonly size: number },
  ) {
    this.hash = begin(file.kind, file.size)
    const size = Math.min(READ_BYTES, file.size)
    this.buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
  }

  /** Hashes up to this offset, which must be written already. Rejections need no handling: `hex` reports the error. */
  upTo(bytes: number): Promise<void> {
    this.target = Math.max(this.target, bytes)
    this.work ??= this.run().finally(() => (this.work = undefined))
    // `hex` hashes the rest itself and reports any read error.
    this.work.catch(() => undefined)
    return this.work
  }

  /** Hash of the whole file. */
  async hex(signal: AbortSignal): Promise<string> {
    const stop = (): void => void (this.isStopped = true)
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (this.hashed < this.file.size) {
        await this.upTo(this.file.size)
        signal.throwIfAborted()
      }
      return this.hash.digest('hex')
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** Resolves when no read is in progress. */
  async stop(): Promise<void> {
    this.isStopped = true
    await this.work?.catch(() => undefined)
  }

  private async run(): Promise<void> {
    let coming = this.readAhead(this.hashed)
    while (this.hashed < this.target && !this.isStopped) {
      const ahead = await coming
      // Empty if the target has moved since the read-ahead.
      const bytes = ahead.length > 0 ? ahead : await this.read(this.hashed)
      if (bytes.length === 0) throw new Error(`it ends after ${this.hashed} of ${this.file.size} bytes`)
      // Read the next bytes while these are hashed.
      coming = this.readAhead(this.hashed + bytes.length)
      for (let at = 0; at < bytes.length; at += HASH_BYTES) {
        this.hash.update(bytes.subarray(at, at + HASH_BYTES))
        await setImmediate()
      }
      this.hashed += bytes.length
    }
    // Wait for the read in progress: the handle may be closed once this resolves.
    await coming
  }

  private readAhead(from: number): Promise<Uint8Array> {
    const coming = this.read(from)
    // Awaited only after the bytes before it are hashed; until then a rejection must not be reported as unhandled.
    coming.catch(() => undefined)
    return coming
  }

  /** Reads up to the target. The buffers alternate: the result is valid until the next call but one. */
  private async read(from: number): Promise<Uint8Array> {
    const [buffer, other] = this.buffers
    this.buffers = [other, buffer]
    const most = Math.min(buffer.length, this.target - from)
    if (most <= 0) return buffer.subarray(0, 0)
    const { bytesRead } = await this.handle.read(buffer, 0, most, from)
    return buffer.subarray(0, bytesRead)
  }
}
