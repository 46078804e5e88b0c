import type { NodeId, RunnerId } from '@core/ids'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { withoutEscapes } from '../cluster/console'
import { statusLines, t } from '../../state/texts.svelte'

/** A runner whose console is on this node. */
export interface ConsoleOwner {
  readonly runnerId: RunnerId
  /** `chat · ready`, with the rank if the model is sharded. */
  readonly label: string
}

/** Runners of this machine, by creation of their instances. */
export const consoleOwners = (state: State, nodeId: NodeId): ConsoleOwner[] =>
  Object.values(state.instances).flatMap(({ shards, modelId, metaInstanceId }) =>
    shards.flatMap((shard) => {
      if (shard.nodeId !== nodeId) return []
      const declared = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
      const parts = [
        declared?.name ?? shortName(modelId),
        ...(shard.worldSize > 1 ? [t('activity.consoleRank', { rank: shard.rank })] : []),
        statusLines().stage(state.runners[shard.runnerId]),
      ]
      return [{ runnerId: shard.runnerId, label: parts.join(' · ') }]
    }),
  )

/** Lines of a console that contain all words, ignoring case. */
export const consoleLines = (printed: string, search: string): string[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return withoutEscapes(printed)
    .split('\n')
    .filter((line) => line.trim() !== '' && words.every((word) => line.toLowerCase().includes(word)))
}
