import type { NodeId } from '@core/ids'
import { awakeReason } from '@core/power/keep-awake'
import type { State } from '@core/state/state'

/** Whether nothing is being answered or downloaded, so that a restart costs users no more than the reload. */
export const isIdle = (state: State, nodeId: NodeId): boolean =>
  awakeReason(state, nodeId, { keepAwake: 'never', onBattery: false }) === undefined
