import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ModelId, NodeId } from '@core/ids'
import { FileHash, FileList } from '@core/protocols/peer'
import type { Download } from '@core/state/downloads'
import { sha256Of } from './sharing'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Progress is told this often. */
const TELL_EVERY_MS = 1000

export interface CopierOptions {
  /** `<data-dir>/models` */
  readonly modelsDir: string
  /** Members that have that model and can be asked now, the best first. */
  readonly holders: (modelId: ModelId) => readonly NodeId[]
  readonly open: (peer: NodeId, kind: string, params: unknown, signal: AbortSignal) => AsyncIterable<unknown>
  readonly onProgress: (modelId: ModelId, download: Download) => void
  /** The model is here. */
  readonly onComplete: (modelId: ModelId) => Promise<void>
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

type FileEntry = FileList['files'][number]
type FileList = ReturnType<typeof FileList.parse>

/** Copies models from other members, each as often as it takes, going on where it was interrupted. */
export class Copier {
  private readonly running = new Map<ModelId, AbortController>()

  constructor(private readonly options: CopierOptions) {}

  /** Sees to it that the model comes here. */
  want(modelId: ModelId): void {
    if (this.running.has(modelId)) return
    const stop = new AbortController()
    this.running.set(modelId, stop)
    void this.run(modelId, stop.signal).finally(() => this.running.delete(modelId))
  }

  /** Nobody needs it any more; what is here of it stays, to go on from. */
  forget(modelId: ModelId): void {
    this.running.get(modelId)?.abort()
  }

  close(): void {
    for (const stop of this.running.values()) stop.abort()
  }

  private async run(modelId: ModelId, signal: AbortSignal): Promise<void> {
    const { holders, onComplete, onProgress, log } = this.options
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      let failure = 'no machine that is connected has it'
      for (const holder of holders(modelId)) {
        try {
          await this.copy(modelId, holder, signal)
          log.info({ modelId, holder }, 'copied a model from another machine')
          await onComplete(modelId)
          return
        } catch (error) {
          failure = error instanceof Error ? error.message : String(error)
          if (!signal.aborted) log.warn({ modelId, holder, reason: failure }, 'copying a model was interrupted')
        }
      }
      if (signal.aborted) return
      const downloadedBytes = await bytesIn(this.staging(modelId))
      onProgress(modelId, { status: 'Failed', downloadedBytes, totalBytes: downloadedBytes, error: failure })
      await wait(pause, signal)
    }
  }

  private staging(modelId: ModelId): string {
    return `${join(this.options.modelsDir, modelId)}.partial`
  }

  private async copy(modelId: ModelId, holder: NodeId, signal: AbortSignal): Promise<void> {
    const { files } = FileList.parse(await this.ask(holder, 'model-files', { modelId }, signal))
    const staging = this.staging(modelId)
    await mkdir(staging, { recursive: true, mode: 0o700 })
    const totalBytes = files.reduce((sum, { size }) => sum + size, 0)
    let done = 0
    let toldAt = 0
    let toldBytes = 0
    const tell = (bytes: number): void => {
      done += bytes
      const now = performance.now()
      if (now - toldAt < TELL_EVERY_MS) return
      const bytesPerSecond = toldAt === 0 ? undefined : ((done - toldBytes) * 1000) / (now - toldAt)
      toldAt = now
      toldBytes = done
      this.options.onProgress(modelId, {
        status: 'Ongoing',
        downloadedBytes: done,
        totalBytes,
        ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      })
    }
    for (const file of files) await this.copyFile({ modelId, holder, file, signal, tell })
    const target = join(this.options.modelsDir, modelId)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await rm(target, { recursive: true, force: true })
    await rename(staging, target)
  }

  private async copyFile(options: {
    readonly modelId: ModelId
    readonly holder: NodeId
    readonly file: FileEntry
    readonly signal: AbortSignal
    readonly tell: (bytes: number) => void
  }): Promise<void> {
    const { modelId, holder, file, signal, tell } = options
    const path = join(this.staging(modelId), file.name)
    const before = await stat(path).then(
      ({ size }) => size,
      () => 0,
    )
    const offset = before > file.size ? 0 : before
    tell(offset)
    if (offset < file.size || before > file.size) {
      const params = { modelId, name: file.name, offset }
      const bytes = onlyBytes(this.options.open(holder, 'model-file', params, signal), tell)
      await pipeline(bytes, createWriteStream(path, { flags: offset === 0 ? 'w' : 'a', mode: 0o600 }), { signal })
    }
    const { sha256 } = FileHash.parse(
      await this.ask(holder, 'model-hash', { modelId, name: file.name, offset: 0 }, signal),
    )
    if ((await sha256Of(path)) === sha256) return
    // Whatever is wrong with it, going on from it would never make it right.
    await rm(path, { force: true })
    throw new Error(`${file.name} arrived damaged and is copied again`)
  }

  private async ask(holder: NodeId, kind: string, params: unknown, signal: AbortSignal): Promise<unknown> {
    for await (const item of this.options.open(holder, kind, params, signal)) return item
    throw new Error('that machine gave no answer')
  }
}

async function* onlyBytes(items: AsyncIterable<unknown>, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const item of items) {
    if (!(item instanceof Uint8Array)) throw new Error('that machine sent something else than a file')
    tell(item.length)
    yield item
  }
}

const bytesIn = async (directory: string): Promise<number> => {
  const names = await readdir(directory).catch(() => [])
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
