import type { Timestamp } from '../ids'
import type { Shard } from '../state/instances'
import type { RunnerStatus } from '../state/runners'
import type { Random } from '../random'
import type { RunnerBehaviour } from './scenario'

export interface RunnerMoment {
  /** Milliseconds since its start. */
  readonly after: Timestamp
  readonly status: RunnerStatus
}

/** The statuses that a simulated runner goes through until it is ready. */
export const startOf = (
  { startLayer, endLayer }: Shard,
  { connectMs, loadMs, warmUpMs, jitterMs }: RunnerBehaviour,
  random: Random,
): RunnerMoment[] => {
  const layers = endLayer - startLayer
  const late = jitterMs === 0 ? 0 : random.integer(0, jitterMs)
  const loading = connectMs + late
  return [
    { after: 0, status: { status: 'Connecting' } },
    { after: loading, status: { status: 'Loading', layersLoaded: 0, layers } },
    {
      after: loading + Math.floor(loadMs / 2),
      status: { status: 'Loading', layersLoaded: Math.floor(layers / 2), layers },
    },
    { after: loading + loadMs, status: { status: 'WarmingUp' } },
    { after: loading + loadMs + warmUpMs, status: { status: 'Ready' } },
  ]
}
