import type { Event } from '@core/events/event'
import type { ClusterView } from '@core/protocols/cluster'
import type { CatalogueModel, HubModel, UnreadableModel } from '@core/protocols/models'
import type { SetupView } from '@core/protocols/setup'
import type { DoctorReport } from '@core/protocols/doctor'
import type { Download } from '@core/state/downloads'
import type { MetaInstance } from '@core/state/meta-instances'
import type { InterfaceType, NodeInfo } from '@core/state/nodes'
import { coded, type CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import type { RunnerStatus } from '@core/state/runners'
import { InstanceId, ModelId, RunnerId, TaskId, type MetaInstanceId, type NodeId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import { GB, World } from '@core/testing/world'

interface Machine {
  readonly chip?: string
  readonly total?: number
  readonly free?: number
  readonly load?: number
  readonly bandwidth?: number
  readonly cannotRun?: string
  readonly os?: NodeInfo['os']
  readonly model?: NodeInfo['model']
  readonly thunderbolt?: NodeInfo['thunderbolt']
  readonly rdma?: NodeInfo['rdma']
}

interface Cable {
  readonly type?: InterfaceType
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
  readonly oneWay?: boolean
}

const SUBNETS: Readonly<Record<InterfaceType, string>> = {
  thunderbolt: '169.254.10',
  ethernet: '192.168.1',
  wifi: '192.168.7',
  loopback: '127.0.0',
  unknown: '10.0.0',
}

const A_YEAR_MS = 365 * 86_400_000

/** Why a download failed, as a node reports it. */
const withCode = (coded: CodedText): Pick<Download, 'error' | 'coded'> => ({ error: inEnglish(coded), coded })

/** The disk lacks room for `needed` bytes more. */
export const diskFull = (needed: number, free: number): Pick<Download, 'error' | 'coded'> =>
  withCode(coded('downloads.disk.full', { needed: { bytes: needed }, free: { bytes: free } }))

/** A cluster as the real core makes it, in a moment that is worth looking at. */
export class Scene {
  readonly world = new World()
  readonly models: CatalogueModel[] = []
  readonly unreadable: UnreadableModel[] = []
  /** What every search on the hub finds. */
  readonly onHub: HubModel[] = []
  /** What the node knows beside the state. */
  beside: Partial<ClusterView> = {}
  findings: DoctorReport | undefined
  /** How a joining gets on that is begun in the picture. */
  joins: ClusterView['joining']
  /** What the setup shows; absent where it is not opened. */
  setup: Partial<SetupView> | undefined
  /** What the installation of the Python environment printed. */
  printed = ''
  /** Only the cluster's page is looked at, after a click on this. */
  opens: readonly string[] | undefined
  private tasks = 0
  /** The present of the picture, in ms since 1970. */
  private present = Date.now()

  constructor() {
    this.world.now = this.present
  }

  machine(name: string, { chip = 'Apple M4 Max', load = 0.1, bandwidth = 546e9, ...rest }: Machine = {}): NodeId {
    const { total = 64 * GB, free = 0.7 * total, cannotRun, model, thunderbolt, rdma } = rest
    const nodeId = this.world.addNode(name, { total, free })
    const info = {
      version: '0.1.0',
      protocol: 1,
      chip,
      memory: { ramTotal: total, ramAvailable: Math.round(free), heldByRunners: 0 },
      memoryBandwidth: bandwidth,
      system: { cpuLoad: load },
      os: rest.os ?? { platform: 'darwin', release: '26.2', name: 'macOS 26.2' },
      worker: true,
      ...(model && { model }),
      ...(thunderbolt && { thunderbolt }),
      ...(rdma && { rdma }),
      ...(cannotRun !== undefined && { cannotRun }),
    }
    this.world.apply({ type: 'NodeGatheredInfo', nodeId, info })
    return nodeId
  }

  /** Both ways, unless it is said otherwise. */
  link(from: NodeId, to: NodeId, cable: Cable = {}): void {
    this.world.apply(...this.linking(from, to, cable))
  }

  /** What links two machines, to be applied with more of its kind at once. */
  linking(
    from: NodeId,
    to: NodeId,
    { type = 'thunderbolt', latencyMs = 0.3, bytesPerSecond, oneWay = false }: Cable = {},
  ): Event[] {
    const at = (nodeId: NodeId): number => Object.keys(this.world.state.members).indexOf(nodeId) + 1
    const edge = (a: NodeId, b: NodeId) =>
      ({
        type: 'TopologyEdgeCreated',
        edge: {
          from: a,
          to: b,
          ip: `${SUBNETS[type]}.${at(b)}`,
          port: 52417,
          interfaceType: type,
          latencyMs,
          ...(bytesPerSecond !== undefined && { bytesPerSecond }),
        },
      }) as const
    return [edge(from, to), ...(oneWay ? [] : [edge(to, from)])]
  }

  rdma(from: NodeId, to: NodeId): void {
    const edge = (a: NodeId, b: NodeId, fromInterface: string, toInterface: string) =>
      ({ type: 'TopologyEdgeCreated', edge: { from: a, to: b, fromInterface, toInterface } }) as const
    this.world.apply(edge(from, to, 'rdma_en2', 'rdma_en3'), edge(to, from, 'rdma_en3', 'rdma_en2'))
  }

  leads(nodeId: NodeId): void {
    this.world.state = { ...this.world.state, masterNodeId: nodeId }
  }

  model(
    id: string,
    gigabytes: number,
    more: Partial<Omit<CatalogueModel, 'card'>> & { card?: Partial<ModelCard> } = {},
  ): ModelId {
    const modelId = ModelId.parse(id)
    const { card: special, ...rest } = more
    const card: ModelCard = {
      modelId,
      storageBytes: Math.round(gigabytes * GB),
      layers: 32,
      hiddenSize: 4096,
      kvHeads: 8,
      headDim: 128,
      contextLength: 32_768,
      supportsTensor: true,
      supportsPipeline: true,
      ...special,
    }
    const title = (id.split('/').at(-1) ?? id).replace(/-(\dbit)$/, '').replaceAll('-', ' ')
    const quantization = /-(\d)bit$/.exec(id)?.[1]
    this.models.push({
      modelId,
      title,
      ...(quantization !== undefined && { quantization: `${quantization}-bit` }),
      source: 'muster',
      starter: false,
      path: `/Users/ada/Library/Application Support/Muster/models/${id}`,
      card,
      ...rest,
    })
    this.world.cards[modelId] = { status: 'loaded', card }
    return modelId
  }

  declare(id: string, modelId: ModelId, options: Partial<Omit<MetaInstance, 'metaInstanceId'>> = {}): MetaInstanceId {
    const metaInstanceId = this.world.declare(id, { modelId, ...options })
    this.world.reconcile()
    return metaInstanceId
  }

  report(id: MetaInstanceId, ...statuses: RunnerStatus[]): void {
    const { shards } = this.world.instance(id)
    for (const [at, { runnerId }] of shards.entries()) {
      const status = statuses[at] ?? statuses.at(-1)
      if (status) this.world.apply({ type: 'RunnerStatusUpdated', runnerId, ...status })
    }
  }

  ready(id: MetaInstanceId): void {
    this.report(id, { status: 'Ready' })
  }

  download(id: MetaInstanceId, download: Partial<Download>): void {
    const { modelId, shards } = this.world.instance(id)
    for (const { nodeId } of shards)
      this.world.apply({
        type: 'NodeDownloadProgress',
        nodeId,
        modelId,
        download: { status: 'Ongoing', downloadedBytes: 0, totalBytes: 1, ...download },
      })
  }

  /** A model that a person asked for. */
  arriving(nodeId: NodeId, id: string, download: Partial<Download>): void {
    this.world.apply({
      type: 'NodeDownloadProgress',
      nodeId,
      modelId: ModelId.parse(id),
      download: { status: 'Ongoing', downloadedBytes: 0, totalBytes: 1, ...download },
    })
  }

  found(id: string, gigabytes: number | undefined, more: Partial<HubModel> = {}): void {
    const title = (id.split('/').at(-1) ?? id).replace(/-(\dbit)$/, '').replaceAll('-', ' ')
    const quantization = /-(\d)bit$/.exec(id)?.[1]
    this.onHub.push({
      modelId: ModelId.parse(id),
      title,
      gated: false,
      ...(gigabytes !== undefined && { sizeBytes: Math.round(gigabytes * GB) }),
      ...(quantization !== undefined && { quantization: `${quantization}-bit` }),
      ...more,
    })
  }

  /** An answer given at this speed. */
  answered(id: MetaInstanceId, tokensPerSecond: number): void {
    const taskId = this.begin(id)
    const measured = { promptTokens: 24, completionTokens: 180, tokensPerSecond }
    this.world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete', measured })
  }

  /** A request that runs. */
  begin(id: MetaInstanceId): TaskId {
    const { instanceId } = this.world.instance(id)
    const taskId = TaskId.parse(`task-${++this.tasks}`)
    this.world.apply({
      type: 'TaskCreated',
      task: { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: this.world.now },
    })
    return taskId
  }

  /** An instance that nothing keeps. */
  loose(modelId: ModelId, nodeId: NodeId, status: RunnerStatus): void {
    const runnerId = RunnerId.parse(`loose-${modelId}`)
    const shard = { nodeId, runnerId, rank: 0, worldSize: 1, startLayer: 0, endLayer: 32, layers: 32 }
    const instanceId = InstanceId.parse(`loose-instance-${modelId}`)
    this.world.apply(
      {
        type: 'InstanceCreated',
        instance: {
          instanceId,
          modelId,
          sharding: 'Pipeline',
          instanceMeta: 'MlxRing',
          shards: [shard],
          claims: { [nodeId]: 2 * GB },
          createdAt: this.world.now,
        },
      },
      { type: 'RunnerStatusUpdated', runnerId, ...status },
    )
  }

  wait(milliseconds: number): this {
    this.world.wait(milliseconds)
    return this
  }

  /** What has happened so far happened before now. */
  settle(): this {
    return this.shift(Math.min(0, this.present - this.world.now))
  }

  /** Moves all times, so that the picture's present is then (ms since 1970). */
  moveTo(present: number): this {
    const by = present - this.present
    this.shift(by)
    this.present = present
    this.world.now += by
    return this
  }

  /** A number so near to the present is a time: no machine has as many bytes. */
  private shift(by: number): this {
    const shifted = JSON.stringify(this.world.state, (_key, value: unknown) =>
      typeof value === 'number' && Math.abs(value - this.world.now) < A_YEAR_MS ? value + by : value,
    )
    this.world.state = JSON.parse(shifted) as World['state']
    return this
  }
}
