import { Livelock } from '@core/simulation/livelock'
import { Random } from '@core/random'
import { Scenario, Step } from '@core/simulation/scenario'
import { NodeId, type Timestamp } from '@core/ids'
import { ClusterSimulation } from '../cluster-simulation'
import type { ChaosOptions } from '@core/simulation/chaos/chaos'
import { scheduledWithin, Violation } from '@core/simulation/chaos/invariants'
import { addNode, cabling, chaoticWorld } from '@core/simulation/chaos/schedule'
import { ClusterPathCounter, type ClusterPathCounts } from './paths'
import { ClusterInvariants } from './cluster-invariants'
import { drawClusterStep, healing, type ClusterSituation } from './schedule'

export interface ClusterChaosResult {
  readonly scenario: Scenario
  readonly events: number
  readonly paths: ClusterPathCounts
  readonly violation?: { readonly at: number; readonly message: string }
}

/** Time to rest: longer than anything in progress can take. */
const REST_MS = 240_000

/** Wall clock at the start. Hours begin and end in the minutes after it, and clocks can be set back from it. */
const MIDNIGHT = '2026-03-01T00:00:00Z'

/** Runs a random schedule over several deciding nodes: splits, crashes, sleep, bad clocks and disks, lost and late messages. */
export const runClusterChaos = async ({
  seed,
  steps: count,
  nodes: size,
}: ChaosOptions): Promise<ClusterChaosResult> => {
  const random = new Random(seed)
  const nodes = Array.from({ length: size }, (_, at) => NodeId.parse(`node-${at + 1}`))
  const world = { ...chaoticWorld(seed), wallClock: MIDNIGHT, replicas: nodes }
  const steps: Step[] = []
  const [down, asleep, silent, faultyDisks] = [
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
  ]
  const names = { 'meta-instance': 0, instance: 0, task: 0, key: 0 }
  let [events, split] = [0, false]

  const invariants = new ClusterInvariants(() => simulation)
  const paths = new ClusterPathCounter(() => simulation)
  const simulation: ClusterSimulation = new ClusterSimulation(world, {
    event: (envelope, before, after, node) => {
      events += 1
      paths.event(envelope, before)
      if (node !== undefined) invariants.event(envelope, before, after, node)
    },
    passed: (_at, state) => invariants.passed(state),
    refused: (_at, _command, { reason }) => paths.refused(reason),
    happened: (_at, happening) => {
      invariants.happened(happening)
      paths.happened(happening)
    },
  })

  const track = (step: Step): void => {
    if (step.do === 'partition' || step.do === 'heal') split = step.do === 'partition'
    if (step.do === 'cut') split = true
    if (step.do === 'silence') silent.add(step.node)
    if (step.do === 'resume') silent.delete(step.node)
    if (step.do === 'sleep') asleep.add(step.node)
    if (step.do === 'wake') asleep.delete(step.node)
    if (step.do === 'crashNode' || step.do === 'removeNode') down.add(step.node)
    if (step.do === 'restartNode') down.delete(step.node)
    if (step.do === 'disk') faultyDisks[step.mode === 'sound' ? 'delete' : 'add'](step.node)
  }

  const take = async (step: Step): Promise<void> => {
    steps.push(step)
    await simulation.runUntil(step.at - 1)
    simulation.clock.skipTo(step.at)
    if (step.do === 'crashMaster')
      for (const { self } of simulation.masters().slice(0, 1)) invariants.died(self, step.at)
    paths.step(step)
    invariants.step(step, step.at)
    track(step)
    simulation.take(step)
    await simulation.settled()
  }

  const outside = (): ReadonlySet<string> =>
    new Set([...simulation.nodes.values()].filter(({ isOutside }) => isOutside).map(({ self }) => self))

  const situation = (): ClusterSituation => ({
    ...{ state: simulation.state(), nodes, down, asleep, silent, faultyDisks, split, outside: outside() },
    nextName: (kind) => `${kind}-${++names[kind]}-by-chance`,
  })

  const settle = async (): Promise<void> => {
    do await simulation.runUntil(simulation.clock.now() + REST_MS)
    while (scheduledWithin(simulation.state(), leaderNow() - REST_MS))
  }

  /** The leader's clock, which stamps decisions. */
  const leaderNow = (): Timestamp => simulation.masters()[0]?.inputs()?.now ?? simulation.clock.now()

  const result = (violation?: ClusterChaosResult['violation']): ClusterChaosResult => ({
    scenario: Scenario.parse({ ...world, until: simulation.clock.now(), steps }),
    events,
    paths: paths.counts,
    ...(violation && { violation }),
  })

  try {
    for (const node of nodes) await take(Step.parse({ at: 0, ...addNode(random, node) }))
    for (const link of cabling(nodes)) await take(Step.parse({ at: 0, ...link }))
    for (let done = 0; done < count; done += 1) await take(drawClusterStep(random, situation(), simulation.clock.now()))
    const now = simulation.clock.now()
    // After a second, pending quits and sleeps are complete.
    for (const step of healing(situation())) await take(Step.parse({ at: now + 1000, ...step }))
    await settle()
    invariants.membersAtRest(simulation.state())
    if (outside().size > 0) {
      const at = simulation.clock.now() + 1000
      for (const node of outside()) await take(Step.parse({ at, do: 'admitMember', node }))
      await settle()
    }
    await invariants.rest(simulation)
  } catch (error) {
    if (!(error instanceof Violation || error instanceof Livelock)) throw error
    return result({ at: simulation.clock.now(), message: error.message })
  }
  return result()
}
