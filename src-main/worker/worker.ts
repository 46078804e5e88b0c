import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { InstanceId, RunnerId, TaskId } from '@core/ids'
import { plan, type Action } from '@core/plan/plan'
import { claimedBytes, freeBytes } from '@core/placement/memory'
import { BATCH_SIZE, type LoadCommand } from '@core/protocols/runner'
import { nodeName } from '@core/state/bindings'
import { isRehearsal, REHEARSAL } from '@core/state/rehearsal'
import type { Instance, Shard } from '@core/state/instances'
import { isTerminal, type RunnerStatus } from '@core/state/runners'
import { noTracer } from '@core/tracing/tracer'
import { finishRemovals } from '../disk/removal'
import { AwaitedModels, type Start } from './awaited-models'
import { emptyUnused } from './disk-cache'
import { adoptLeft, type Adopted } from './handover/adopt-left'
import { filesDigest } from './handover/record'
import { loadCommand, wantedOf } from './load-command'
import { Meetings, type Meeter } from './meetings'
import { residentBytes } from './memory'
import { RequestTraces } from './request-traces'
import { OldConsoles } from './old-consoles'
import { OrphanedRequests } from './orphaned-requests'
import { SideChannels } from './side-channels'
import { SilentNodes } from './silent-nodes'
import { startRunnerProcess } from './runner-process'
import { RUNNER_GONE, Supervisor, type SupervisorOptions } from './supervisor'
import { DEFAULT_LIMITS } from './watchdog'
import type { WorkerOptions } from './worker-options'

export type { WorkerOptions } from './worker-options'

const MEASURE_EVERY_MS = 4000
/** Ranks of other nodes are looked after this often. */
const LISTEN_EVERY_MS = 500

const DOWNLOADING: RunnerStatus = { status: 'Downloading' }

/** A runner that could not even be started. */
interface Stillborn {
  readonly status: RunnerStatus
}

/** Carries out on this node what the state says, and says what it sees. */
export class Worker {
  private readonly supervisors = new Map<RunnerId, Supervisor>()
  private readonly stillborn = new Map<RunnerId, Stillborn>()
  private readonly awaited: AwaitedModels
  private readonly stopping = new Set<Promise<void>>()
  private readonly oldConsoles = new OldConsoles()
  private readonly unsubscribe: () => void
  private scheduled: NodeJS.Immediate | undefined
  private closed = false
  private held = 0
  private readonly measuring: NodeJS.Timeout
  private readonly listening: NodeJS.Timeout
  private readonly meetings: Meetings
  private readonly silentNodes: SilentNodes
  private readonly sideChannels: SideChannels
  private readonly orphaned: OrphanedRequests
  private readonly traces: RequestTraces

  private constructor(private readonly options: WorkerOptions) {
    const { nodeId, modelPath, releaseModel, hears } = options
    this.meetings = new Meetings(nodeId)
    this.traces = new RequestTraces(options.tracer ?? noTracer)
    this.awaited = new AwaitedModels({ modelPath, release: (modelId) => releaseModel?.(modelId) })
    this.silentNodes = new SilentNodes({ self: nodeId, hears: (other) => hears?.(other) ?? true })
    this.sideChannels = new SideChannels({
      state: () => options.source.state(),
      observe: (event) => options.observer.observe(event),
    })
    this.orphaned = new OrphanedRequests({
      state: () => options.source.state(),
      suspect: (...death) => options.suspects.suspect(...death),
    })
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        this.sideChannels.take(event)
        this.orphaned.take(event)
        // A new task is brought to its runner by itself.
        if (event.type !== 'TaskCreated') this.lookSoon()
      },
      () => {
        this.sideChannels.again()
        this.orphaned.lookAll()
        this.lookSoon()
      },
    )
    this.measuring = setInterval(() => void this.measure(), MEASURE_EVERY_MS)
    this.listening = setInterval(() => this.listen(), LISTEN_EVERY_MS)
    this.lookSoon()
  }

  static async start(options: WorkerOptions): Promise<Worker> {
    await mkdir(options.runDir, { recursive: true, mode: 0o700 })
    await finishRemovals(options.runDir)
    const { runDir, log } = options
    const adopted = await adoptLeft({ runDir, log, wanted: (runnerId) => wantedOf(options, runnerId)?.load })
    if (options.diskCache) await emptyUnused(options.diskCache(), options.log)
    const worker = new Worker(options)
    for (const one of adopted) worker.adopt(one)
    return worker
  }

  /** Removes what was kept of prompts where the settings keep nothing any more. Runners that write there do without. */
  async emptyDiskCache(): Promise<void> {
    if (this.options.diskCache) await emptyUnused(this.options.diskCache(), this.options.log)
  }

  /** Streams a request from this node's runner of that instance. */
  generate(
    request: GenerationRequest,
    {
      instanceId,
      signal,
      traceparent,
    }: { instanceId: InstanceId; signal: AbortSignal; traceparent?: string | undefined },
  ): AsyncIterable<GenerationUpdate> {
    const runner = this.runnerOf(instanceId)
    if (!runner) return gone()
    const attributes = { 'gen_ai.request.model': request.modelId, 'process.pid': runner.pid ?? 0 }
    return this.traces.request(runner.runnerId, { parent: traceparent, attributes }, () =>
      runner.generate(request, signal),
    )
  }

  /** Requests that this node's runner of that instance computes together. */
  batchSizeOf(instanceId: InstanceId): number {
    return this.runnerOf(instanceId)?.batchSize ?? BATCH_SIZE
  }

  /** Rank 0 of that runner's instance is about to work. */
  wake(runnerId: RunnerId, epoch: number, traceparent?: string): void {
    this.traces.woken(runnerId, epoch, traceparent)
    this.supervisors.get(runnerId)?.wake(epoch)
  }

  /** The models on this machine have changed: what waits for one may start. */
  modelsChanged(): void {
    for (const start of this.awaited.arrived()) this.start(start)
  }

  /** What a runner printed last, also one of the latest that are gone; undefined for any other. */
  consoleOf(runnerId: RunnerId): string | undefined {
    return this.supervisors.get(runnerId)?.consoleText() ?? this.oldConsoles.of(runnerId)
  }

  /** Why a runner of this node that should be working is not; undefined for all others. */
  standstillOf(runnerId: RunnerId): string | undefined {
    return this.supervisors.get(runnerId)?.standstill
  }

  /** Whether a runner is doing anything at all: starting, loading, or answering. */
  get isBusy(): boolean {
    return [...this.supervisors.values()].some(({ status }) => status.status !== 'Ready')
  }

  /** Bytes that this node's runners hold, as last measured. */
  heldBytes(): number {
    return this.held
  }

  /** Leaves all runners that the next node can take over, and ends the others. Resolves with how many were left. */
  async leave(): Promise<number> {
    this.end()
    const left = await Promise.all([...this.supervisors.values()].map((supervisor) => supervisor.leave()))
    await this.close()
    return left.filter(Boolean).length
  }

  /** Ends all runners; resolves when their processes are gone. */
  async close(): Promise<void> {
    this.end()
    await Promise.all([...[...this.supervisors.values()].map((supervisor) => supervisor.stop()), ...this.stopping])
  }

  /** Nothing is started, looked at or said any more. */
  private end(): void {
    this.closed = true
    this.unsubscribe()
    clearImmediate(this.scheduled)
    clearInterval(this.measuring)
    clearInterval(this.listening)
  }

  private runnerOf(instanceId: InstanceId): Supervisor | undefined {
    const { source, nodeId } = this.options
    const shard = source.state().instances[instanceId]?.shards.find((one) => one.nodeId === nodeId)
    return shard && this.supervisors.get(shard.runnerId)
  }

  private async measure(): Promise<void> {
    const held = [...this.supervisors.values()].map(async ({ pid, loadedBytes }) =>
      // On macOS, memory of the GPU is no part of what a process is said to hold.
      pid === undefined ? 0 : Math.max(await residentBytes(pid), loadedBytes),
    )
    this.held = (await Promise.all(held)).reduce((sum, bytes) => sum + bytes, 0)
  }

  private lookSoon(): void {
    if (this.closed) return
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined
      this.look()
    })
  }

  private look(): void {
    const { source, nodeId } = this.options
    const runners = new Map<RunnerId, RunnerStatus>()
    for (const [runnerId, { status }] of this.stillborn) runners.set(runnerId, status)
    for (const runnerId of this.awaited.runners()) runners.set(runnerId, DOWNLOADING)
    for (const [runnerId, { status }] of this.supervisors) runners.set(runnerId, status)
    const tasks = new Set<TaskId>([...this.supervisors.values()].flatMap((supervisor) => [...supervisor.tasks.keys()]))
    const silent = this.silentNodes.silent()
    for (const action of plan(source.state(), nodeId, { runners, tasks, silent })) this.carryOut(action)
    this.meetings.look(source.state())
  }

  private listen(): void {
    this.sideChannels.look()
    if (this.silentNodes.listen(this.options.source.state())) this.lookSoon()
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'start':
        this.start(action)
        return
      case 'stop':
        this.stop(action.runnerId)
        return
      case 'giveUp':
        this.giveUp(action)
        return
      case 'reportDeleted':
        this.options.observer.observe({ type: 'RunnerDeleted', runnerId: action.runnerId })
        return
      case 'report':
        this.report(action.runnerId, action.status)
        return
      case 'cancel':
        for (const supervisor of this.supervisors.values()) supervisor.cancel(action.taskId)
        return
    }
  }

  /** What a new runner's cache may take beyond its claim: half of what nobody claims, for the next one comes as well. */
  private cacheRoom(): LoadCommand['cache'] {
    const state = this.options.source.state()
    const spareBytes = Math.floor(freeBytes(state, this.options.nodeId, claimedBytes(state)) / 2)
    const disk = this.options.diskCache?.()
    return { spareBytes, ...(disk && disk.maxBytes > 0 && { disk }) }
  }

  private start({ instance, shard }: Start): void {
    const { modelPath, modelProblem, fetchModel, runDir, log, rehearses } = this.options
    const python = this.options.python()
    const { runnerId, worldSize } = shard
    const { instanceId, modelId } = instance
    const path = modelPath(modelId)
    const rehearsal = isRehearsal(instance)
    if ('unavailable' in python) return this.fail(runnerId, { errorMessage: python.unavailable })
    if (rehearsal && !rehearses)
      return this.fail(runnerId, { errorMessage: `this machine takes no part in a ${REHEARSAL}` })
    const problem = path === undefined ? modelProblem?.(modelId) : undefined
    if (problem !== undefined) return this.fail(runnerId, { errorMessage: problem, code: 'model_file' })
    if (path === undefined && fetchModel) {
      this.awaited.add({ kind: 'start', instance, shard })
      this.report(runnerId, DOWNLOADING)
      fetchModel(modelId)
      return
    }
    if (path === undefined || !existsSync(path))
      return this.fail(runnerId, { errorMessage: `${modelId} is not on this machine any more` })
    log.info({ runnerId, modelId, instanceId, ...(rehearsal && { rdma: REHEARSAL }) }, 'starting a runner')
    const load = loadCommand(instance, shard, { modelPath: path, cache: this.cacheRoom() })
    const supervisor = this.supervise(
      { instance, shard },
      {
        open: (handlers) => startRunnerProcess(python, runDir, handlers),
        load: worldSize === 1 ? load : this.meet(load, { instance, runnerId }),
        files: filesDigest(path).catch(() => undefined),
      },
    )
    if (instance.jaccl) this.sideChannels.open({ instanceId, runnerId }, supervisor)
    this.report(runnerId, supervisor.status)
  }

  /** A runner that the node before this one left. */
  private adopt({ record, attach }: Adopted): void {
    const { runnerId, load, files } = record
    const wanted = wantedOf(this.options, runnerId)
    if (wanted) this.supervise(wanted, { open: attach, load, files: Promise.resolve(files), adopted: record })
  }

  private supervise(
    { instance, shard: { runnerId } }: { readonly instance: Instance; readonly shard: Shard },
    begin: Pick<SupervisorOptions, 'open' | 'load' | 'files' | 'adopted'>,
  ): Supervisor {
    const { limits = DEFAULT_LIMITS, nodeId, source, log, onMeasured } = this.options
    const { modelId } = instance
    const rehearsal = isRehearsal(instance)
    const supervisor: Supervisor = new Supervisor({
      ...begin,
      runnerId,
      limits,
      onWake: (epoch) => {
        for (const other of instance.shards)
          if (other.rank !== 0)
            this.options.wakeRank?.(other.nodeId, other.runnerId, epoch, this.traces.contextOf(runnerId))
      },
      onLoaded: ({ memoryBytes, contextLength, timings }) => {
        log.info({ runnerId, modelId, memoryBytes, contextLength, seconds: timings }, 'loaded a model')
        void this.measure()
      },
      onStatus: (status) => {
        if (status.status === 'Failed') log.warn({ runnerId, modelId, reason: status.errorMessage }, 'a runner failed')
        if (isTerminal(status)) this.sideChannels.close(runnerId)
        this.traces.changed(runnerId, status)
        if (this.supervisors.get(runnerId) === supervisor) this.report(runnerId, status)
      },
      onUnanswered: (requests, status) => {
        if (status.ofWork !== true) return this.orphaned.add(instance, requests)
        const name = nodeName(source.state(), nodeId)
        this.options.suspects.suspect(requests, `${name}: ${status.errorMessage}`)
      },
      // What a rehearsal gives says nothing of RDMA.
      onAnswered: ({ tokensPerSecond }) => !rehearsal && onMeasured?.(instance, tokensPerSecond),
      ...(instance.jaccl && {
        rdma: {
          rehearsal,
          onRound: (part) => this.sideChannels.ask(runnerId, part),
          onLeak: () => this.options.onLeak?.(),
        },
      }),
    })
    this.supervisors.set(runnerId, supervisor)
    return supervisor
  }

  /** Resolves when all ranks can be met. */
  private async meet(load: LoadCommand, { instance, runnerId }: Meeter): Promise<LoadCommand> {
    await this.meetings.prepare({ instance, runnerId })
    const supervisor = this.supervisors.get(runnerId)
    if (supervisor) this.report(runnerId, supervisor.status)
    else this.meetings.forget(runnerId)
    // What an earlier attempt holds of RDMA must be given back before this one asks for it.
    if (instance.jaccl) await Promise.all(this.stopping)
    const meeting = this.meetings.meet({ instance, runnerId })
    this.lookSoon()
    return { ...load, ...(await meeting) }
  }

  private giveUp({ runnerId, errorMessage }: Extract<Action, { kind: 'giveUp' }>): void {
    this.awaited.forget(runnerId)
    const supervisor = this.supervisors.get(runnerId)
    if (supervisor) supervisor.giveUp(errorMessage)
    else this.fail(runnerId, { errorMessage, consequence: true })
  }

  private fail(runnerId: RunnerId, why: { errorMessage: string; consequence?: boolean; code?: string }): void {
    const status: RunnerStatus = { status: 'Failed', ...why }
    this.stillborn.set(runnerId, { status })
    this.report(runnerId, status)
  }

  private stop(runnerId: RunnerId): void {
    this.stillborn.delete(runnerId)
    this.awaited.forget(runnerId)
    this.meetings.forget(runnerId)
    this.sideChannels.close(runnerId)
    const supervisor = this.supervisors.get(runnerId)
    if (!supervisor) return
    this.supervisors.delete(runnerId)
    this.oldConsoles.keep(runnerId, supervisor.consoleText())
    const stopped = supervisor.stop().finally(() => this.stopping.delete(stopped))
    this.stopping.add(stopped)
  }

  private report(runnerId: RunnerId, status: RunnerStatus): void {
    if (this.closed) return
    const pid = this.supervisors.get(runnerId)?.pid
    const ringPort = this.meetings.portOf(runnerId)
    this.options.observer.observe({
      ...status,
      type: 'RunnerStatusUpdated',
      runnerId,
      ...(pid !== undefined && pid > 0 && { pid }),
      ...(ringPort !== undefined && { ringPort }),
    })
  }
}

async function* gone(): AsyncGenerator<GenerationUpdate> {
  yield RUNNER_GONE
}
