import { makeFolder } from '../disk/make-folder'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { InstanceId, RunnerId } from '@core/ids'
import { plan, type Action } from '@core/plan/index'
import { BATCH_SIZE } from '@core/generation/batch'
import { noTracer } from '@core/tracing/tracer'
import { finishRemovals } from '../disk/removal'
import { emptyUnused } from './disk-cache'
import { adoptLeft } from './handover/adopt-left'
import { wantedOf } from './load-command'
import { RankRendezvous } from './rendezvous'
import { residentBytes } from './memory'
import { OrphanedRequests } from './orphaned-requests'
import { RequestTraces } from './request-traces'
import { Runners } from './runners'
import { SideChannels } from './side-channels'
import { SilentNodes } from './silent-nodes'
import { RUNNER_GONE } from './supervisor'
import type { WorkerOptions } from './worker-options'

export type { WorkerOptions } from './worker-options'

const MEASURE_EVERY_MS = 4000
/** How often other ranks' nodes are checked. */
const CHECK_EVERY_MS = 500

/**
 * The kubelet of this node: reconciles its runners with the state, and reports what they do. `plan` (src-core) decides
 * the actions from the state and the runners' statuses; reports are level-triggered.
 */
export class Worker {
  private readonly runners: Runners
  private readonly unsubscribe: () => void
  private scheduled: NodeJS.Immediate | undefined
  private closed = false
  private held = 0
  private readonly measuring: NodeJS.Timeout
  private readonly checking: NodeJS.Timeout
  private readonly rendezvous: RankRendezvous
  private readonly silentNodes: SilentNodes
  private readonly sideChannels: SideChannels
  private readonly orphaned: OrphanedRequests
  private readonly traces: RequestTraces

  private constructor(private readonly options: WorkerOptions) {
    const { nodeId, hears } = options
    this.rendezvous = new RankRendezvous(nodeId)
    this.traces = new RequestTraces(options.tracer ?? noTracer)
    this.silentNodes = new SilentNodes({ self: nodeId, hears: (other) => hears?.(other) ?? true })
    this.sideChannels = new SideChannels({
      state: () => options.source.state(),
      observe: (event) => options.observer.observe(event),
    })
    this.orphaned = new OrphanedRequests({
      state: () => options.source.state(),
      suspect: (...death) => options.suspects.suspect(...death),
    })
    this.runners = new Runners({
      ...options,
      rendezvous: this.rendezvous,
      sideChannels: this.sideChannels,
      orphaned: this.orphaned,
      traces: this.traces,
      reconcileSoon: () => this.reconcileSoon(),
      onLoaded: () => void this.measure(),
    })
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        this.sideChannels.take(event)
        this.orphaned.take(event)
        // A new task needs no pass: its request is sent to the runner directly.
        if (event.type !== 'TaskCreated') this.reconcileSoon()
      },
      () => {
        this.sideChannels.repeatAll()
        this.orphaned.checkAll()
        this.reconcileSoon()
      },
    )
    this.measuring = setInterval(() => {
      void this.measure()
      // A report can be lost with the link that carried it, and nothing else may happen for long.
      this.reconcileSoon()
    }, MEASURE_EVERY_MS)
    this.checking = setInterval(() => this.checkOthers(), CHECK_EVERY_MS)
    this.reconcileSoon()
  }

  static async start(options: WorkerOptions): Promise<Worker> {
    await makeFolder(options.runDir)
    await finishRemovals(options.runDir)
    const { runDir, log } = options
    const adopted = await adoptLeft({ runDir, log, wanted: (runnerId) => wantedOf(options, runnerId)?.load })
    if (options.diskCache) await emptyUnused(options.diskCache(), options.log)
    const worker = new Worker(options)
    for (const one of adopted) worker.runners.adopt(one)
    return worker
  }

  /** Removes the prompt cache if the settings disable it now. Runners that still write there cope without it. */
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
    const runner = this.runners.of(instanceId)
    if (!runner) return gone()
    const attributes = { 'gen_ai.request.model': request.modelId, 'process.pid': runner.pid ?? 0 }
    return this.traces.request(runner.runnerId, { parent: traceparent, attributes }, () =>
      runner.generate(request, signal),
    )
  }

  /** The batch size of this node's runner of that instance. */
  batchSizeOf(instanceId: InstanceId): number {
    return this.runners.of(instanceId)?.batchSize ?? BATCH_SIZE
  }

  /** Called when rank 0 of that runner's instance starts computing. */
  wake(runnerId: RunnerId, epoch: number, traceparent?: string): void {
    this.traces.woken(runnerId, epoch, traceparent)
    this.runners.get(runnerId)?.wake(epoch)
  }

  /** The models on this machine have changed: starts runners that were waiting for one. */
  modelsChanged(): void {
    this.runners.modelsChanged()
  }

  /** The last output of a runner, or of one that ended recently; otherwise undefined. */
  consoleOf(runnerId: RunnerId): string | undefined {
    return this.runners.consoleOf(runnerId)
  }

  /** Why a ready runner of this node makes no progress although it has requests; otherwise undefined. */
  stallOf(runnerId: RunnerId): string | undefined {
    return this.runners.get(runnerId)?.stall
  }

  /** Whether any runner is starting, loading or serving. */
  get isBusy(): boolean {
    return this.runners.living().some(({ status }) => status.status !== 'Ready')
  }

  /** Bytes that this node's runners hold, as last measured. */
  heldBytes(): number {
    return this.held
  }

  /**
   * Hands over all runners that the next node process can adopt, and stops the others. Resolves with the number handed
   * over.
   */
  async leave(): Promise<number> {
    this.end()
    const left = await Promise.all(this.runners.living().map((supervisor) => supervisor.leave()))
    await this.close()
    return left.filter(Boolean).length
  }

  /** Stops all runners; resolves when their processes are gone. */
  async close(): Promise<void> {
    this.end()
    await this.runners.close()
  }

  /** Stops all starts, checks and reports. */
  private end(): void {
    this.closed = true
    this.runners.silence()
    this.unsubscribe()
    clearImmediate(this.scheduled)
    clearInterval(this.measuring)
    clearInterval(this.checking)
  }

  private async measure(): Promise<void> {
    const held = this.runners.living().map(async ({ pid, loadedBytes }) =>
      // On macOS a process's resident size excludes GPU memory.
      pid === undefined ? 0 : Math.max(await residentBytes(pid), loadedBytes),
    )
    this.held = (await Promise.all(held)).reduce((sum, bytes) => sum + bytes, 0)
  }

  private reconcileSoon(): void {
    if (this.closed) return
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined
      this.reconcile()
    })
  }

  private reconcile(): void {
    const { source, nodeId } = this.options
    const seen = { runners: this.runners.statuses(), tasks: this.runners.tasks(), silent: this.silentNodes.silent() }
    for (const action of plan(source.state(), nodeId, seen)) this.carryOut(action)
    this.rendezvous.stateChanged(source.state())
  }

  private checkOthers(): void {
    this.sideChannels.tick()
    if (this.silentNodes.check(this.options.source.state())) this.reconcileSoon()
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'start':
        this.runners.start(action)
        return
      case 'stop':
        this.runners.stop(action.runnerId)
        return
      case 'giveUp':
        this.runners.giveUp(action)
        return
      case 'reportDeleted':
        this.options.observer.observe({ type: 'RunnerDeleted', runnerId: action.runnerId })
        return
      case 'report':
        this.runners.report(action.runnerId, action.status)
        return
      case 'cancel':
        for (const supervisor of this.runners.living()) supervisor.cancel(action.taskId)
        return
    }
  }
}

async function* gone(): AsyncGenerator<GenerationUpdate> {
  yield RUNNER_GONE
}
