import type { NodeId } from '@core/ids'
import { awakeReason } from '@core/power/keep-awake'
import type { State } from '@core/state/state'

/** Whether nothing here answers or downloads: a restart would be noticed by nobody for longer than a reload takes. */
export const isIdle = (state: State, nodeId: NodeId): boolean =>
  awakeReason(state, nodeId, { keepAwake: 'never', onBattery: false }) === undefined
