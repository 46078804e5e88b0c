import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { bytesText } from '../../state/text'
import { t } from '../../state/texts.svelte'

const IDLE: ReadonlySet<string> = new Set(['PAUSED', 'OFF_HOURS', 'PLACEMENT_FAILED'])

/** `3 machines · 368 GB · 1 model ready, 1 starting`. */
export const clusterSummary = (state: State): string => {
  const nodes = Object.values(state.nodes)
  const words = Object.values(state.metaInstances).map((metaInstance) => statusOf(state, metaInstance).word)
  const ready = words.filter((word) => word === 'READY' || word === 'RUNNING').length
  const idle = words.filter((word) => IDLE.has(word)).length
  const starting = words.length - ready - idle
  const memory = nodes.reduce((sum, node) => sum + node.memory.ramTotal, 0)
  const counts = { machines: nodes.length, ready }
  if (memory === 0) return t('cluster.summaryNoMemory', counts)
  return starting > 0
    ? t('cluster.summaryStarting', { ...counts, memory: bytesText(memory), starting })
    : t('cluster.summary', { ...counts, memory: bytesText(memory) })
}
