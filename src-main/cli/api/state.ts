import { State } from '@core/state/state'
import type { NodeApi } from './node-api'

export const readState = (api: NodeApi): Promise<State> => api.ask('/state', State)
