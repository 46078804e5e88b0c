import { claimedBytes, freeBytes } from '@core/placement/memory'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { bytesText } from '../../state/text'

/** Where weights of a size would go, roughly: how a model may be shared out is known when it is about to be launched. */
export interface SizeFit {
  readonly fits: boolean
  readonly text: string
}

/** How the machines of a cluster are called together. */
const machinesText = (state: State, count: number): string => {
  const macs = Object.values(state.nodes).every(({ os }) => os.platform === 'darwin')
  return `${count} of your ${macs ? 'Macs' : 'machines'}`
}

/** How many of the machines, those with the most room first, hold it together; undefined where all do not. */
const fewestTogether = (free: readonly number[], sizeBytes: number): number | undefined => {
  let sum = 0
  const at = [...free].sort((a, b) => b - a).findIndex((bytes) => (sum += bytes) >= sizeBytes)
  return at < 0 ? undefined : at + 1
}

/** In a few words; undefined where no machine is known. */
export const sizeFit = (state: State, sizeBytes: number): SizeFit | undefined => {
  const claimed = claimedBytes(state)
  const machines = Object.values(state.nodes)
    .filter(({ worker }) => worker !== false)
    .map(({ nodeId }) => ({ nodeId, free: Math.max(0, freeBytes(state, nodeId, claimed)) }))
  if (machines.length === 0) return undefined
  const fitting = machines.filter(({ free }) => free >= sizeBytes)
  const [only] = fitting
  if (fitting.length === machines.length)
    return { fits: true, text: machines.length === 1 ? 'fits' : 'fits any machine' }
  if (fitting.length > 1) return { fits: true, text: `fits ${fitting.length} machines` }
  if (only) return { fits: true, text: `fits ${nodeName(state, only.nodeId)}` }
  const together = fewestTogether(
    machines.map(({ free }) => free),
    sizeBytes,
  )
  if (together !== undefined) return { fits: true, text: `fits ${machinesText(state, together)} together` }
  const room = machines.reduce((sum, { free }) => sum + free, 0)
  return { fits: false, text: `needs ${bytesText(sizeBytes - room)} more memory` }
}
