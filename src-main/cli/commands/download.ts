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

/** All bytes came and are no model that can be run: the node does not fetch the same again. */
const cameToNothing = ({ status, downloadedBytes, totalBytes }: Download): boolean =>
  status === 'Failed' && totalBytes > 0 && downloadedBytes === totalBytes

/**
 * Brings a model to a machine's disk and waits for it, with progress on standard error. The node goes on by itself
 * where it was interrupted, also when nobody waits any more. Throws CommandError.
 *
 * @param on the machine; without it, the one that is asked
 */
export const download = async (
  modelId: ModelId,
  { on }: { readonly on?: NodeId | undefined },
  { api, err }: Pick<CommandContext, 'api' | 'err'>,
): Promise<Downloaded> => {
  const { nodeId } = await api.ask(`/models/${encodeURIComponent(modelId)}/download`, DownloadAnswer, {
    method: 'POST',
    body: on === undefined ? {} : { nodeId: on },
    // It asks the hub what there is.
    withinMs: 120_000,
  })
  const progress = new Progress(err)
  const stop = new AbortController()
  let begun = false
  try {
    for await (const state of followStates(api, {
      signal: stop.signal,
      onLost: (text) => progress.show('lost', text),
    })) {
      const one = state.downloads[nodeId]?.[modelId]
      const where = nodeName(state, nodeId)
      if (one?.status === 'Complete') return { modelId, nodeId, bytes: one.downloadedBytes }
      if (one && cameToNothing(one))
        throw new CommandError(`${modelId} cannot be used: ${one.error ?? 'it is damaged'}`)
      if (begun && !one) throw new CommandError(`The download of ${modelId} to ${where} was ended by somebody`)
      begun ||= one !== undefined
      if (one?.paused) throw new CommandError(`The download of ${modelId} to ${where} was paused by somebody`)
      if (one?.status === 'Failed')
        await progress.show(
          `Failed ${one.error ?? ''}`,
          `Interrupted at ${downloadText(one)}: ${one.error ?? 'no reason is known'}. The node tries again …`,
        )
      else await progress.show('DOWNLOADING', `DOWNLOADING ${modelId} to ${where}: ${one ? downloadText(one) : '…'}`)
    }
    throw new CommandError('The node ended the stream of its events')
  } finally {
    stop.abort()
    await progress.end()
  }
}
