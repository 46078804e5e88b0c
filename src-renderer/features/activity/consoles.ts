import type { NodeId, RunnerId } from '@core/ids'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { withoutEscapes } from '../cluster/console'
import { stageText } from '../cluster/progress'
import { t } from '../../state/texts.svelte'

/** A runner whose console this node has. */
export interface ConsoleOwner {
  readonly runnerId: RunnerId
  /** `chat · ready`, with the rank where the model is shared out. */
  readonly label: string
}

/** The runners of this machine, in the order in which their instances were made. */
export const consoleOwners = (state: State, nodeId: NodeId): ConsoleOwner[] =>
  Object.values(state.instances).flatMap(({ shards, modelId, metaInstanceId }) =>
    shards.flatMap((shard) => {
      if (shard.nodeId !== nodeId) return []
      const declared = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
      const parts = [
        declared?.name ?? shortName(modelId),
        ...(shard.worldSize > 1 ? [t('activity.consoleRank', { rank: shard.rank })] : []),
        stageText(state.runners[shard.runnerId]),
      ]
      return [{ runnerId: shard.runnerId, label: parts.join(' · ') }]
    }),
  )

/** Lines of a console that have these words, case making no difference. */
export const consoleLines = (printed: string, search: string): string[] => {
  const wanted = search.trim().toLowerCase()
  return withoutEscapes(printed)
    .split('\n')
    .filter((line) => line.trim() !== '' && line.toLowerCase().includes(wanted))
}
