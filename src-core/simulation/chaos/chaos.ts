import { Livelock } from '../livelock'
import { Random } from '../../random'
import { Scenario, Step } from '../scenario'
import { Simulation } from '../simulation'
import { checkEvent, checkPass, checkRest, scheduledWithin, Violation } from './invariants'
import { PathCounter, type PathCounts } from './rare-paths'
import { addNode, cabling, chaoticWorld, drawStep } from './schedule'

/** One random schedule; equal options give equal schedules. */
export interface ChaosOptions {
  readonly seed: number
  readonly steps: number
  readonly nodes: number
}

export interface ChaosResult {
  /** The steps taken, as a scenario that can be run again. */
  readonly scenario: Scenario
  readonly events: number
  readonly paths: PathCounts
  /** When and how an invariant was violated. */
  readonly violation?: { readonly at: number; readonly message: string }
}

/** Longer than anything in progress can take: time-outs, backoff, and recovery. */
const REST_MS = 240_000

const nodeNames = (count: number): string[] => Array.from({ length: count }, (_, at) => `node-${at + 1}`)

/**
 * Generates a random schedule step by step, and checks the invariants after each event, after each pass and at rest.
 */
export const runChaos = ({ seed, steps: count, nodes: size }: ChaosOptions): ChaosResult => {
  const random = new Random(seed)
  const world = chaoticWorld(seed)
  const nodes = nodeNames(size)
  const steps: Step[] = []
  const declared = new Set<string>()
  const silent = new Set<string>()
  const gone = new Set<string>()
  let events = 0
  let tasks = 0
  let refused = false

  const paths = new PathCounter(() => simulation)
  const simulation: Simulation = new Simulation(world, {
    event: (envelope, before, after) => {
      events += 1
      checkEvent(envelope, before, after)
      const { event } = envelope
      if (event.type === 'MetaInstanceDeleted' && event.cause !== undefined) declared.delete(event.metaInstanceId)
      paths.event(envelope, before)
    },
    refused: () => {
      refused = true
      paths.refused()
    },
    passed: (_at, state) => checkPass(state, declared),
  })

  const take = (step: Step): void => {
    steps.push(step)
    simulation.runUntil(step.at - 1)
    simulation.clock.skipTo(step.at)
    refused = false
    if (step.do === 'crashMaster') paths.crashed(simulation.state())
    simulation.carryOut(step)
    if (!refused && step.do === 'createMetaInstance') declared.add(step.id)
    if (!refused && step.do === 'deleteMetaInstance') declared.delete(step.id)
    if (step.do === 'silence') silent.add(step.node)
    if (step.do === 'resume') silent.delete(step.node)
    if (step.do === 'removeNode') gone.add(step.node)
    if (step.do === 'addNode') gone.delete(step.node)
    if (step.do === 'removeNode' || step.do === 'addNode') silent.delete(step.node)
    simulation.pass()
  }

  const result = (violation?: ChaosResult['violation']): ChaosResult => ({
    scenario: Scenario.parse({ ...world, until: simulation.clock.now(), steps }),
    events,
    paths: paths.counts,
    ...(violation && { violation }),
  })

  try {
    for (const node of nodes) take(Step.parse({ at: 0, ...addNode(random, node) }))
    for (const link of cabling(nodes)) take(Step.parse({ at: 0, ...link }))
    const nextTask = (): string => `task-${++tasks}`
    for (let done = 0; done < count; done += 1) {
      const situation = { state: simulation.state(), nodes, silent, gone, nextTask }
      take(drawStep(random, situation, simulation.clock.now()))
    }
    do simulation.runUntil(simulation.clock.now() + REST_MS)
    while (scheduledWithin(simulation.state(), simulation.clock.now() - REST_MS))
    checkRest(simulation)
  } catch (error) {
    if (!(error instanceof Violation || error instanceof Livelock)) throw error
    return result({ at: simulation.clock.now(), message: error.message })
  }
  return result()
}
