import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { bytesText, counted } from '../../state/text'

const IDLE: ReadonlySet<string> = new Set(['PAUSED', 'OFF_HOURS', 'PLACEMENT_FAILED'])

/** `3 machines · 368 GB · 1 model ready, 1 starting`. */
export const clusterSummary = (state: State): string => {
  const nodes = Object.values(state.nodes)
  const words = Object.values(state.metaInstances).map((metaInstance) => statusOf(state, metaInstance).word)
  const ready = words.filter((word) => word === 'READY' || word === 'RUNNING').length
  const idle = words.filter((word) => IDLE.has(word)).length
  const starting = words.length - ready - idle
  const memory = nodes.reduce((sum, node) => sum + node.memory.ramTotal, 0)
  return [
    counted(nodes.length, 'machine'),
    ...(memory > 0 ? [bytesText(memory)] : []),
    `${counted(ready, 'model')} ready${starting > 0 ? `, ${starting} starting` : ''}`,
  ].join(' · ')
}
