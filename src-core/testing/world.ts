import type { Command } from '../commands/command'
import { decide } from '../commands/decide'
import type { Decided } from '../commands/decided'
import type { Event } from '../events/event'
import { Folding } from '../fold/index'
import { InstanceId, MetaInstanceId, ModelId, NodeId, RunnerId } from '../ids'
import type { ModelCard } from '../placement/model-card'
import { PEER_PROTOCOL } from '../protocols/peer'
import { next } from '../events/next'
import { type CardResult, type IdSource, type Pass, type ReconcileInputs, runPass } from '../reconcile/index'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { NodeInfo } from '../state/nodes'
import type { RunnerStatus } from '../state/runners'
import { emptyState, type State } from '../state/state'
import { wallTime } from '../time/clocks'
import { statusOf } from '../state/status'
import type { SocketEdge } from '../state/topology'

export const GB = 1e9
export const SMALL = ModelId.parse('m/small')

export const smallCard: ModelCard = {
  modelId: SMALL,
  storageBytes: 4 * GB,
  layers: 32,
  hiddenSize: 4096,
  kvHeads: 8,
  supportsTensor: true,
  supportsPipeline: true,
}

/** The core for tests, with a manual clock and sequential ids. */
export class World {
  state: State = { ...emptyState(), term: 1 }
  now = 1_000_000
  cards: Record<string, CardResult> = { [SMALL]: { status: 'loaded', card: smallCard } }
  heard: Record<string, number> = {}
  deadlinesBegan = 0
  unreachable: NodeId[] = []
  readonly log: Event[] = []
  private count = 0

  readonly ids: IdSource = {
    instanceId: () => InstanceId.parse(`instance-${++this.count}`),
    runnerId: () => RunnerId.parse(`runner-${++this.count}`),
  }

  apply(...events: Event[]): this {
    const folding = new Folding(this.state)
    for (const event of events) folding.fold(folding.read((state) => next(state, event, this.now)))
    this.state = folding.state
    this.log.push(...events)
    return this
  }

  /** Adds a member that has reported itself. */
  addNode(
    name: string,
    options: { free?: number; total?: number; bandwidth?: number } & Partial<
      Pick<NodeInfo, 'cannotRun' | 'speeds' | 'protocol' | 'version' | 'worker' | 'disk'>
    > = {},
  ): NodeId {
    const nodeId = NodeId.parse(name)
    const { free = 48 * GB, total = 64 * GB, bandwidth, ...given } = options
    this.heard[nodeId] = this.now
    this.apply(
      { type: 'MemberAdmitted', nodeId, certificate: '', friendlyName: name },
      {
        type: 'NodeGatheredInfo',
        nodeId,
        info: {
          version: '0.1.0',
          protocol: PEER_PROTOCOL,
          chip: 'Apple M3 Ultra',
          memory: { ramTotal: total, ramAvailable: free, heldByRunners: 0 },
          os: { platform: 'darwin', release: '26.2', name: 'macOS 26.2' },
          worker: true,
          ...given,
          ...(bandwidth !== undefined && { memoryBandwidth: bandwidth }),
        },
      },
    )
    return nodeId
  }

  /** Adds a link in both directions between every two of these machines. */
  connect(nodes: readonly NodeId[], way: Partial<SocketEdge> = {}): this {
    for (const from of nodes) {
      for (const to of nodes.filter((other) => other !== from)) {
        const edge: SocketEdge = { ip: `${to}.local`, port: 1, interfaceType: 'ethernet', ...way, from, to }
        this.apply({ type: 'TopologyEdgeCreated', edge })
      }
    }
    return this
  }

  inputs(): ReconcileInputs {
    const { now, ids, heard, unreachable, deadlinesBegan, cards } = this
    return { now, wall: wallTime(now), ids, heard, unreachable, deadlinesBegan, cards }
  }

  /** Runs one reconcile pass and applies its events. */
  reconcile(): Pass {
    const pass = runPass(this.state, this.inputs())
    this.apply(...pass.events)
    return pass
  }

  /** Advances the clock; all nodes are heard meanwhile. */
  wait(milliseconds: number): this {
    this.now += milliseconds
    for (const nodeId of Object.keys(this.state.nodes)) this.heard[nodeId] = this.now
    return this
  }

  command(command: Command): Decided {
    const result = decide(this.state, command, { now: this.now, ids: this.ids })
    if (result.status === 'decided') this.apply(...result.events)
    return result
  }

  declare(id = 'chat', options: Partial<Omit<MetaInstance, 'metaInstanceId'>> = {}): MetaInstanceId {
    const metaInstanceId = MetaInstanceId.parse(id)
    this.command({
      type: 'CreateMetaInstance',
      metaInstanceId,
      modelId: SMALL,
      sharding: 'Pipeline',
      instanceMeta: 'MlxRing',
      minNodes: 1,
      placementPreference: 'largest',
      paused: false,
      ...options,
    })
    return metaInstanceId
  }

  metaInstance(id: MetaInstanceId): MetaInstance {
    const found = this.state.metaInstances[id]
    if (!found) throw new Error(`${id} is not declared`)
    return found
  }

  instance(id: MetaInstanceId): Instance {
    const found = Object.values(this.state.instances).find(({ metaInstanceId }) => metaInstanceId === id)
    if (!found) throw new Error(`${id} has no instance`)
    return found
  }

  status(id: MetaInstanceId): string {
    return statusOf(this.state, this.metaInstance(id)).status
  }

  /** Reports a status for all runners of the declaration's instance. */
  report(id: MetaInstanceId, status: RunnerStatus): this {
    for (const { runnerId } of this.instance(id).shards)
      this.apply({ type: 'RunnerStatusUpdated', runnerId, ...status })
    return this
  }

  fail(id: MetaInstanceId, errorMessage = 'out of memory'): this {
    return this.report(id, { status: 'Failed', errorMessage })
  }
}

/** Builds a world with one machine and one declaration whose instance is ready. */
export const readyWorld = (): { world: World; id: MetaInstanceId } => {
  const world = new World()
  world.addNode('Mac Studio')
  const id = world.declare()
  world.reconcile()
  world.report(id, { status: 'Ready' })
  return { world, id }
}
