import type { Timestamp } from '../ids'
import type { State } from '../state/state'
import { ClusterSimulation } from './cluster/cluster-simulation'
import type { SimulationListener } from './listener'
import type { Scenario } from './scenario'
import { Simulation } from './simulation'

/** How long a scenario without an end goes on after its last step. */
const AFTERMATH_MS = 60_000

/** When a scenario ends. */
export const endOf = ({ until, steps }: Scenario): Timestamp =>
  until ?? steps.reduce((latest, { at }) => Math.max(latest, at), 0) + AFTERMATH_MS

/** Runs a whole scenario. Gives back the state at its end: with several deciding nodes, that of whoever leads. */
export const simulate = (scenario: Scenario, listener: SimulationListener): State => {
  const { steps, ...world } = scenario
  const simulation = world.replicas ? new ClusterSimulation(world, listener) : new Simulation(world, listener)
  // The clock keeps the order in which it was asked: steps at equal times stay in the order of the file.
  for (const step of steps) simulation.clock.at(step.at, () => simulation.take(step))
  simulation.runUntil(endOf(scenario))
  return simulation.state()
}
