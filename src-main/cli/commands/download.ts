import { DownloadAnswer } from '@core/protocols/models'
import type { ModelId, NodeId } from '@core/ids'
import { nodeName } from '@core/state/bindings'
import type { Download } from '@core/state/downloads'
import { followStates } from '../api/events'
import type { CommandContext } from '../context'
import { CommandError } from '../exit-codes'
import { Progress } from '../terminal/progress'
import { downloadText } from './download-text'

export interface Downloaded {
  readonly modelId: ModelId
  readonly nodeId: NodeId
  readonly bytes: number
}

/** Complete but failed: the model cannot be run, and the node does not download it again. */
const isUnusable = ({ status, downloadedBytes, totalBytes }: Download): boolean =>
  status === 'Failed' && totalBytes > 0 && downloadedBytes === totalBytes

/**
 * Downloads a model to a machine's disk and waits, with progress on standard error. The node retries interrupted
 * downloads itself, even if the command is stopped. Throws CommandError.
 *
 * @param on the target machine; default: the node that is asked
 */
export const download = async (
  modelId: ModelId,
  { on }: { readonly on?: NodeId | undefined },
  { api, err }: Pick<CommandContext, 'api' | 'err'>,
): Promise<Downloaded> => {
  const { nodeId } = await api.ask(`/models/${encodeURIComponent(modelId)}/download`, DownloadAnswer, {
    method: 'POST',
    body: on === undefined ? {} : { nodeId: on },
    // Longer, because the node queries the hub first.
    withinMs: 120_000,
  })
  const progress = new Progress(err)
  const stop = new AbortController()
  let begun = false
  /** Seen not paused: the node's first states may still show an earlier pause, which this request has ended. */
  let isResumed = false
  try {
    for await (const state of followStates(api, {
      signal: stop.signal,
      onLost: (text) => progress.show('lost', text),
    })) {
      const one = state.downloads[nodeId]?.[modelId]
      const where = nodeName(state, nodeId)
      if (one?.status === 'Complete') return { modelId, nodeId, bytes: one.downloadedBytes }
      if (one && isUnusable(one)) throw new CommandError(`${modelId} cannot be used: ${one.error ?? 'it is damaged'}`)
      if (begun && !one)
        throw new CommandError(`The download of ${modelId} to ${where} was cancelled by another client`)
      begun ||= one !== undefined
      isResumed ||= one !== undefined && !one.paused
      if (one?.paused && isResumed)
        throw new CommandError(`The download of ${modelId} to ${where} was paused by another client`)
      if (one?.status === 'Failed')
        await progress.show(
          `Failed ${one.error ?? ''}`,
          `Interrupted at ${downloadText(one)}: ${one.error ?? 'reason unknown'}. The node tries again …`,
        )
      else await progress.show('DOWNLOADING', `DOWNLOADING ${modelId} to ${where}: ${one ? downloadText(one) : '…'}`)
    }
    throw new CommandError('The node ended the stream of its events')
  } finally {
    stop.abort()
    await progress.end()
  }
}
