import type { Timestamp } from '@core/ids'
import type { State } from '@core/state/state'
import { ClusterSimulation } from './cluster-simulation'
import type { SimulationListener } from '@core/simulation/listener'
import type { Scenario } from '@core/simulation/scenario'
import { Simulation } from '@core/simulation/simulation'

/** How long a scenario without `until` continues after its last step. */
const AFTER_LAST_STEP_MS = 60_000

/** When a scenario ends. */
export const endOf = ({ until, steps }: Scenario): Timestamp =>
  until ?? steps.reduce((latest, { at }) => Math.max(latest, at), 0) + AFTER_LAST_STEP_MS

/** Runs a scenario. Resolves with the state at its end; with several deciding nodes, the leader's. */
export const simulate = async (scenario: Scenario, listener: SimulationListener): Promise<State> => {
  const { steps, ...world } = scenario
  if (!world.replicas) {
    const simulation = new Simulation(world, listener)
    // Equal times run in the order of registration, so steps stay in the order of the file.
    for (const step of steps) simulation.clock.at(step.at, () => simulation.take(step))
    simulation.runUntil(endOf(scenario))
    return simulation.state()
  }
  const simulation = new ClusterSimulation(world, listener)
  for (const step of steps) simulation.clock.at(step.at, () => simulation.take(step))
  await simulation.runUntil(endOf(scenario))
  return simulation.state()
}
