import type { NodeId } from '@core/ids'
import { awakeReason } from '@core/power/keep-awake'
import type { State } from '@core/state/state'

/** Whether nothing is being answered or downloaded, so that a restart costs users only the reload of the models. */
export const isIdle = (state: State, nodeId: NodeId): boolean =>
  awakeReason(state, nodeId, { keepAwake: 'never', onBattery: false }) === undefined
