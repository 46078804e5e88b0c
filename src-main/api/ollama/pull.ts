import type { ModelId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import type { ApiContext } from '../context'
import { hubProblem } from '../hub-problem'
import { isExplained, Problem } from '../problem'

/** One line of `POST /api/pull`. */
export interface Progress {
  readonly status: string
  readonly digest?: string
  /** Bytes. */
  readonly total?: number
  readonly completed?: number
}

const failed = (modelId: ModelId, reason: string): Problem =>
  new Problem(503, 'download_failed', `${modelId} could not be downloaded: ${reason}`)

/** Yields the download's state whenever it changes. Ends when the signal aborts. */
async function* downloadOf(
  { source, nodeId }: ApiContext,
  modelId: ModelId,
  signal: AbortSignal,
): AsyncGenerator<Download | undefined> {
  const current = (): Download | undefined => source.state().downloads[nodeId]?.[modelId]
  let last = current()
  let wake: () => void = () => undefined
  const check = (): void => {
    if (signal.aborted || current() !== last) wake()
  }
  const unsubscribe = source.subscribe(check, check)
  signal.addEventListener('abort', check)
  try {
    yield last
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve
        check()
      })
      last = current()
      yield last
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', check)
  }
}

const isHere = ({ catalogue }: ApiContext, modelId: ModelId): boolean => {
  const model = catalogue.find(modelId)
  return model !== undefined && model.problem === undefined
}

async function* progressOf(context: ApiContext, modelId: ModelId, signal: AbortSignal): AsyncGenerator<Progress> {
  yield { status: 'pulling manifest' }
  // Until this attempt is reported, the state may still describe an earlier one.
  let isReported = false
  for await (const download of downloadOf(context, modelId, signal)) {
    if (isHere(context, modelId)) {
      yield { status: 'success' }
      return
    }
    if (isReported && !download) throw failed(modelId, 'the download was cancelled')
    if (isReported && download?.status === 'Failed') throw failed(modelId, download.error ?? 'the reason is not known')
    isReported = true
    if (download?.status !== 'Ongoing') continue
    const { totalBytes: total, downloadedBytes: completed } = download
    yield { status: `pulling ${modelId}`, digest: modelId, total, completed }
  }
}

/**
 * Downloads a model to this machine's disk. Yields progress lines; the last is `success`. The download continues if the
 * client disconnects. Throws Problem, also between lines.
 */
export const pull = async (
  context: ApiContext,
  modelId: ModelId,
  signal: AbortSignal,
): Promise<AsyncGenerator<Progress>> => {
  try {
    await context.downloads.start(modelId, context.nodeId)
  } catch (error) {
    throw isExplained(error) ? hubProblem(error) : error
  }
  return progressOf(context, modelId, signal)
}
