import { runChaos, type ChaosOptions, type ChaosResult } from '@core/simulation/chaos/chaos'
import { runClusterChaos, type ClusterChaosResult } from './cluster-chaos'
import { clusterPaths, type ClusterPath } from './paths'
import { rarePaths, type RarePath } from '@core/simulation/chaos/rare-paths'

/** Who decides in a schedule: one master, or all machines by consensus. */
export type Deciders = 'one' | 'all'

export interface ScheduleOptions extends ChaosOptions {
  readonly deciders: Deciders
}

/** In a series of schedules every third one has several deciding nodes. */
export const decidersFor = ({ seed, nodes }: Pick<ChaosOptions, 'seed' | 'nodes'>): Deciders =>
  seed % 3 === 0 && nodes > 1 ? 'all' : 'one'

export const runSchedule = async ({
  deciders,
  ...options
}: ScheduleOptions): Promise<ChaosResult | ClusterChaosResult> =>
  deciders === 'all' ? runClusterChaos(options) : runChaos(options)

export const allPaths = [...rarePaths, ...clusterPaths] as const
export type Paths = Record<RarePath | ClusterPath, number>

/** This many random steps take every rare path; with fewer, some may be missing by chance. */
const ENOUGH_STEPS: Record<Deciders, number> = { one: 40_000, all: 4000 }

/** The sum of many schedules' results. */
export interface Tally {
  readonly events: number
  readonly paths: Paths
  /** Steps carried out, by who decided. */
  readonly steps: Record<Deciders, number>
}

export const emptyTally = (): Tally => ({
  events: 0,
  paths: Object.fromEntries(allPaths.map((path) => [path, 0])) as Paths,
  steps: { one: 0, all: 0 },
})

export const addTally = (a: Tally, b: Tally): Tally => ({
  events: a.events + b.events,
  paths: Object.fromEntries(allPaths.map((path) => [path, a.paths[path] + b.paths[path]])) as Paths,
  steps: { one: a.steps.one + b.steps.one, all: a.steps.all + b.steps.all },
})

export const tallyOf = (
  { deciders, steps }: ScheduleOptions,
  { events, paths }: ChaosResult | ClusterChaosResult,
): Tally => ({
  events,
  paths: { ...emptyTally().paths, ...paths },
  steps: { one: 0, all: 0, [deciders]: steps },
})

/** The rare paths that were never taken although there were enough steps. */
export const neverTaken = ({ paths, steps }: Tally): (RarePath | ClusterPath)[] => [
  ...(steps.one < ENOUGH_STEPS.one ? [] : rarePaths.filter((path) => paths[path] === 0)),
  ...(steps.all < ENOUGH_STEPS.all ? [] : clusterPaths.filter((path) => paths[path] === 0)),
]
