import { claimedBytes, freeBytes } from '@core/placement/memory'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { bytesText } from '../../state/text'

/**
 * Where weights of that size would fit now, in a few words; undefined where no machine is known. Rough: how a model may
 * be shared out is known when somebody is about to launch it.
 */
export const sizeFit = (state: State, sizeBytes: number): string | undefined => {
  const claimed = claimedBytes(state)
  const machines = Object.values(state.nodes)
    .filter(({ worker }) => worker !== false)
    .map(({ nodeId }) => ({ nodeId, free: freeBytes(state, nodeId, claimed) }))
  const [largest] = [...machines].sort((a, b) => b.free - a.free)
  if (!largest) return undefined
  const fitting = machines.filter(({ free }) => free >= sizeBytes)
  const [only] = fitting
  if (machines.length === 1) return only ? 'fits' : `needs ${bytesText(sizeBytes - largest.free)} more memory`
  if (fitting.length === machines.length) return 'fits any machine'
  if (fitting.length > 1) return `fits ${fitting.length} machines`
  if (only) return `fits ${nodeName(state, only.nodeId)}`
  const together = machines.reduce((sum, { free }) => sum + free, 0)
  return together >= sizeBytes
    ? 'fits several machines together'
    : `needs ${bytesText(sizeBytes - together)} more memory`
}
