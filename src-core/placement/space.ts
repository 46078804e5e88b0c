import type { NodeId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import { candidateGroups, graphFor } from './candidates'
import { LinkTable } from './cost-model'
import { mayGiveWayNow } from './giving-way'
import type { Graph } from './graph'
import { claimedBytes, freeBytes } from './memory'

/** The machines of one search as a graph, with the bytes that can be promised on each. */
export interface Region {
  readonly graph: Graph
  readonly free: readonly number[]
}

/** Range of group sizes. */
interface Sizes {
  readonly least: number
  readonly largest: number
}

/**
 * Caches what all searches over one state share, computed on first use: links, graphs, free memory and candidate
 * groups. To search for several models, share one of these rather than visit every edge for each model.
 */
export class PlacementSpace {
  private known: LinkTable | undefined
  private claimed: ReadonlyMap<string, number> | undefined
  private readonly regions = new Map<string, Region>()
  private readonly smaller = new Map<string, PlacementSpace>()
  private readonly candidates = new Map<string, readonly (readonly number[])[]>()

  /** @param givesWay what may end for a placement, in the order of `mayGiveWay`; by default for an always-on declaration */
  constructor(
    readonly state: State,
    private givesWay?: readonly Instance[],
  ) {}

  /** What may end for a placement. */
  get mayEnd(): readonly Instance[] {
    return (this.givesWay ??= mayGiveWayNow(this.state))
  }

  get links(): LinkTable {
    return (this.known ??= new LinkTable(this.state))
  }

  /** The same space once these instances have ended. */
  without(instanceIds: ReadonlySet<string>): PlacementSpace {
    if (instanceIds.size === 0) return this
    const key = [...instanceIds].sort().join()
    const known = this.smaller.get(key)
    if (known) return known
    const left = Object.entries(this.state.instances).filter(([instanceId]) => !instanceIds.has(instanceId))
    const space = new PlacementSpace({ ...this.state, instances: Object.fromEntries(left) })
    this.smaller.set(key, space)
    return space
  }

  /** @param nodeIds in the order in which the graph numbers them */
  region(nodeIds: readonly NodeId[], { instanceMeta }: Pick<Constraints, 'instanceMeta'>): Region {
    const key = regionKey(nodeIds, instanceMeta)
    const known = this.regions.get(key)
    if (known) return known
    const claimed = (this.claimed ??= claimedBytes(this.state))
    const region = {
      graph: graphFor(this.state, nodeIds, { instanceMeta }),
      free: nodeIds.map((nodeId) => freeBytes(this.state, nodeId, claimed)),
    }
    this.regions.set(key, region)
    return region
  }

  /** Returns the candidate groups as numbers in the region's graph. */
  groups({ graph, free }: Region, { instanceMeta }: Pick<Constraints, 'instanceMeta'>, { least, largest }: Sizes) {
    const key = `${least}-${largest} ${regionKey(graph.nodeIds, instanceMeta)}`
    const groups = this.candidates.get(key) ?? candidateGroups(graph, { instanceMeta }, { worth: free, largest, least })
    this.candidates.set(key, groups)
    return groups
  }
}

const regionKey = (nodeIds: readonly NodeId[], instanceMeta: string): string => `${instanceMeta} ${nodeIds.join()}`
