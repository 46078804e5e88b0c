import { claimedBytes, freeBytes } from '@core/placement/memory'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { bytesText } from '../../state/text'
import { t } from '../../state/texts.svelte'
import { usableMachines } from '../fits/usable-machines'

/** Rough placement by size; sharding constraints are known only at the launch. */
export interface SizeFit {
  readonly fits: boolean
  readonly text: string
}

/** Free memory per usable machine, largest first. Computed once for all models. */
export interface Room {
  readonly machines: readonly { readonly name: string; readonly free: number }[]
  /** Whether all are Macs, for the wording. */
  readonly allMacs: boolean
}

export const roomIn = (state: State): Room => {
  const claimed = claimedBytes(state)
  const nodes = usableMachines(state)
  return {
    machines: nodes
      .map(({ nodeId }) => ({ name: nodeName(state, nodeId), free: Math.max(0, freeBytes(state, nodeId, claimed)) }))
      .sort((a, b) => b.free - a.free),
    allMacs: nodes.every(({ os }) => os.platform === 'darwin'),
  }
}

/** Smallest number of machines that hold it together; undefined if all together do not. */
const fewestTogether = ({ machines }: Room, sizeBytes: number): number | undefined => {
  let sum = 0
  const at = machines.findIndex(({ free }) => (sum += free) >= sizeBytes)
  return at < 0 ? undefined : at + 1
}

/** Where it fits, in a few words; undefined while no usable machine is known. */
export const sizeFit = (room: Room, sizeBytes: number): SizeFit | undefined => {
  const { machines, allMacs } = room
  if (machines.length === 0) return undefined
  const fitting = machines.filter(({ free }) => free >= sizeBytes)
  const [only] = fitting
  if (fitting.length === machines.length)
    return { fits: true, text: machines.length === 1 ? t('models.fit.one') : t('models.fit.any') }
  if (fitting.length > 1) return { fits: true, text: t('models.fit.several', { count: fitting.length }) }
  if (only) return { fits: true, text: t('models.fit.only', { name: only.name }) }
  const together = fewestTogether(room, sizeBytes)
  if (together !== undefined)
    return { fits: true, text: t(allMacs ? 'models.fit.togetherMacs' : 'models.fit.together', { count: together }) }
  const free = machines.reduce((sum, machine) => sum + machine.free, 0)
  return { fits: false, text: t('models.fit.needs', { size: bytesText(sizeBytes - free) }) }
}
