import type { MetaInstanceId } from '@core/ids'
import { currentInstance, nodeName } from '@core/state/bindings'
import type { MetaInstance } from '@core/state/meta-instances'
import { neededDownloads } from '@core/state/needed-models'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { followStates } from '../api/events'
import type { CommandContext } from '../context'
import { CommandError, NOT_FOUND } from '../exit-codes'
import { Progress } from '../terminal/progress'
import { downloadText } from './download-text'

/** `DOWNLOADING 3.1 GB of 8.0 GB, 25.0 MB/s, 3 min left on studio`, `LOADING 12 of 24 layers on studio`. */
export const loadingText = (state: State, metaInstance: MetaInstance): string => {
  const { word, status, detail } = statusOf(state, metaInstance)
  if (word !== 'DOWNLOADING') return `${status} ${detail}`
  const instance = currentInstance(state, metaInstance.metaInstanceId)
  if (!instance) return `${status} ${detail}`
  const parts = instance.shards.flatMap(({ nodeId }) => {
    const download = neededDownloads(state, instance, nodeId).find((one) => one.status === 'Ongoing')
    return download ? [`${downloadText(download)} on ${nodeName(state, nodeId)}`] : []
  })
  return parts.length === 0 ? `${status} ${detail}` : `${status} ${parts.join(' · ')}`
}

/** The error that makes further waiting pointless; undefined if there is none. */
const permanentFailure = (state: State, metaInstance: MetaInstance): CommandError | undefined => {
  const { modelId, name, metaInstanceId, replacements, lastFailureError } = metaInstance
  const label = name ?? modelId
  const { word, detail } = statusOf(state, metaInstance)
  if (word === 'PAUSED')
    return new CommandError(`${label} is paused`, { hint: `\`muster resume ${name ?? metaInstanceId}\` loads it.` })
  if (word === 'OFF_HOURS')
    return new CommandError(`${label} is outside its hours, ${detail}`, {
      hint: 'Change its hours in the app, or with: PATCH /meta_instance/{id} {"hours": null}',
    })
  if (word === 'PLACEMENT_FAILED')
    return new CommandError(`${label} cannot be placed: ${detail}`, {
      hint: 'See `muster ps` and `muster nodes`.',
    })
  // All retries in place failed, and the replacement failed with the same error.
  if (replacements > 0 && lastFailureError !== undefined)
    return new CommandError(`${label} could not be loaded: ${lastFailureError}`, {
      hint: `\`muster console ${name ?? metaInstanceId}\` shows what its runner printed.`,
    })
  return undefined
}

/**
 * Waits until a declaration is ready, with progress on standard error. Throws CommandError if it cannot become ready.
 */
export const untilServing = async (
  id: MetaInstanceId,
  { api, err }: Pick<CommandContext, 'api' | 'err'>,
): Promise<void> => {
  const progress = new Progress(err)
  const stop = new AbortController()
  try {
    for await (const state of followStates(api, {
      signal: stop.signal,
      onLost: (text) => progress.show('lost', text),
    })) {
      const metaInstance = state.metaInstances[id]
      if (!metaInstance)
        throw new CommandError('It was unloaded while it was loading', {
          hint: 'See `muster events` and the node’s log.',
          exitCode: NOT_FOUND,
        })
      const { word, status } = statusOf(state, metaInstance)
      if (word === 'READY' || word === 'RUNNING') return
      const problem = permanentFailure(state, metaInstance)
      if (problem) throw problem
      await progress.show(status, loadingText(state, metaInstance))
    }
  } finally {
    stop.abort()
    await progress.end()
  }
}
