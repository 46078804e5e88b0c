import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'

/** What a whole file has to be: by SHA-256 of its bytes, or as git names it (SHA-1 of `blob SIZE\0` and its bytes). */
export interface Digest {
  readonly kind: 'sha256' | 'git-blob'
  readonly hex: string
}

/** Of one read: each waits for a thread. */
const READ_BYTES = 4 * 1024 * 1024
/** Hashed at a time: more would hold up everything else for more than a millisecond. */
const HASH_BYTES = 512 * 1024

const begin = (kind: Digest['kind'], size: number): Hash => {
  const hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1')
  return kind === 'git-blob' ? hash.update(`blob ${size}\0`) : hash
}

/** Hashes a file as it is on the disk. */
export const hexOf = async (path: string, kind: Digest['kind'], signal?: AbortSignal): Promise<string> => {
  const hash = begin(kind, (await stat(path)).size)
  for await (const chunk of createReadStream(path, { signal, highWaterMark: HASH_BYTES })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Hashes a file from its beginning on while it grows, so that little is left to do when its last byte has come. */
export class RunningDigest {
  private readonly hash: Hash
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  private hashed = 0
  private target = 0
  private isStopped = false
  private work: Promise<void> | undefined

  constructor(
    private readonly handle: FileHandle,
    private readonly file: { readonly kind: Digest['kind']; readonly size: number },
  ) {
    this.hash = begin(file.kind, file.size)
  }

  /** So many bytes from the beginning on can be read. Resolves when they are hashed; rejects with nobody's harm. */
  upTo(bytes: number): Promise<void> {
    this.target = Math.max(this.target, bytes)
    this.work ??= this.run().finally(() => (this.work = undefined))
    // Whoever asks for the hash reads again, and hears of what is wrong.
    this.work.catch(() => undefined)
    return this.work
  }

  /** Of the whole file. */
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

  /** Resolves when the file is not read any more. */
  async stop(): Promise<void> {
    this.isStopped = true
    await this.work?.catch(() => undefined)
  }

  private async run(): Promise<void> {
    while (this.hashed < this.target && !this.isStopped) {
      const most = Math.min(READ_BYTES, this.target - this.hashed)
      const { bytesRead } = await this.handle.read(this.buffer, 0, most, this.hashed)
      if (bytesRead === 0) throw new Error(`it ends after ${this.hashed} of ${this.file.size} bytes`)
      for (let at = 0; at < bytesRead; at += HASH_BYTES) {
        this.hash.update(this.buffer.subarray(at, Math.min(bytesRead, at + HASH_BYTES)))
        await setImmediate()
      }
      this.hashed += bytesRead
    }
  }
}
