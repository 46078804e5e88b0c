import { Worker } from 'node:worker_threads'

export interface ThreadInput {
  /** Of this process, which its threads share. */
  readonly fd: number
  readonly algorithm: string
  /** Hashed before the file. */
  readonly head: string
  readonly size: number
}

/**
 * The program of the thread. Gets the offsets up to which the file is written, and posts the hash at its end. It may use
 * its parameters and nothing else of this file: only its source text reaches the thread. A file of its own would have to
 * be found by each bundler, test runner and package.
 */
const program = (
  { parentPort, workerData }: typeof import('node:worker_threads'),
  { createHash }: typeof import('node:crypto'),
  { readSync }: typeof import('node:fs'),
): void => {
  const { fd, algorithm, head, size } = workerData as ThreadInput
  const hash = createHash(algorithm).update(head)
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
  let hashed = 0
  parentPort?.on('message', (target: number) => {
    while (hashed < target) {
      const bytes = readSync(fd, buffer, 0, Math.min(buffer.length, target - hashed), hashed)
      if (bytes === 0) throw new Error(`it ends after ${hashed} of ${size} bytes`)
      hash.update(buffer.subarray(0, bytes))
      hashed += bytes
    }
    if (hashed === size) parentPort.postMessage(hash.digest('hex'))
  })
}

const MODULES = ['worker_threads', 'crypto', 'fs'].map((name) => `require('node:${name}')`).join(', ')
/** Defines `__name`, which esbuild’s `keepNames` calls in the source of `program`. */
const SOURCE = `const __name = (named) => named; (${program.toString()})(${MODULES})`

/**
 * Hashes a file on a thread of its own: on a fast line, hashing is a third of the event loop's work. The thread starts
 * with the first bytes, and reads them from the system's page cache.
 */
export class DigestThread {
  private target = 0
  private running: { readonly thread: Worker; readonly hex: Promise<string> } | undefined

  constructor(private readonly input: ThreadInput) {}

  upTo(bytes: number): void {
    if (bytes <= this.target) return
    this.target = bytes
    this.begun().thread.postMessage(bytes)
  }

  async hex(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    this.upTo(this.input.size)
    const { hex } = this.begun()
    const end = (): void => void this.stop()
    signal.addEventListener('abort', end, { once: true })
    try {
      return await hex
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  async stop(): Promise<void> {
    await this.running?.thread.terminate()
  }

  private begun(): NonNullable<typeof this.running> {
    return (this.running ??= this.start())
  }

  private start(): NonNullable<typeof this.running> {
    const thread = new Worker(SOURCE, { eval: true, workerData: this.input })
    const hex = new Promise<string>((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', () => reject(new Error('the hash was not wanted any more')))
    })
    // Errors are reported by the method `hex`; this avoids an unhandled rejection.
    hex.catch(() => undefined)
    return { thread, hex }
  }
}
