import { existsSync } from 'node:fs'
import type { InstanceId, RunnerId, TaskId } from '@core/ids'
import type { Action } from '@core/plan/index'
import { claimedBytes, freeBytes } from '@core/placement/memory'
import type { LoadCommand } from '@core/protocols/runner'
import { nodeName } from '@core/state/bindings'
import type { Instance, Shard } from '@core/state/instances'
import { neededModels } from '@core/state/needed-models'
import { isRehearsal, REHEARSAL } from '@core/state/rehearsal'
import { isTerminal, type RunnerStatus } from '@core/state/runners'
import { coded } from '@core/texts/coded'
import { AwaitedModels, type Start } from './awaited-models'
import { causeFrom, modelFault } from './endings/causes'
import type { Adopted } from './handover/adopt-left'
import { filesDigest } from './handover/record'
import { besidePaths, loadCommand, wantedOf } from './load-command'
import type { WaitingRank, RankRendezvous } from './rendezvous'
import { OldConsoles } from './endings/old-consoles'
import type { OrphanedRequests } from './orphaned-requests'
import type { RequestTraces } from './request-traces'
import { startRunnerProcess } from './process/runner-process'
import { ServingTimes } from './serving-times'
import type { SideChannels } from './side-channels'
import { Supervisor } from './supervisor'
import type { SupervisorOptions } from './supervisor-options'
import { DEFAULT_LIMITS } from './watchdog'
import type { WorkerOptions } from './worker-options'

const DOWNLOADING: RunnerStatus = { status: 'Downloading' }

/** A runner that could not be started. */
interface FailedStart {
  readonly status: RunnerStatus
}

export interface RunnersOptions extends WorkerOptions {
  readonly rendezvous: RankRendezvous
  readonly sideChannels: SideChannels
  readonly orphaned: OrphanedRequests
  readonly traces: RequestTraces
  /** Schedules a reconcile pass. */
  readonly reconcileSoon: () => void
  /** A model was loaded, so more memory is held. */
  readonly onLoaded: () => void
}

/** This node's runners: running, waiting for a model, failed to start, or ending. */
export class Runners {
  private readonly supervisors = new Map<RunnerId, Supervisor>()
  private readonly failedStarts = new Map<RunnerId, FailedStart>()
  private readonly awaited: AwaitedModels
  private readonly stopping = new Set<Promise<void>>()
  private readonly oldConsoles = new OldConsoles()
  private readonly servingTimes = new ServingTimes()
  private silenced = false

  constructor(private readonly options: RunnersOptions) {
    const { modelPath, releaseModel } = options
    this.awaited = new AwaitedModels({ modelPath, release: (modelId) => releaseModel?.(modelId) })
  }

  get(runnerId: RunnerId): Supervisor | undefined {
    return this.supervisors.get(runnerId)
  }

  /** Runners with a process. */
  living(): Supervisor[] {
    return [...this.supervisors.values()]
  }

  /** This node's runner of that instance. */
  of(instanceId: InstanceId): Supervisor | undefined {
    const { source, nodeId } = this.options
    const shard = source.state().instances[instanceId]?.shards.find((one) => one.nodeId === nodeId)
    return shard && this.supervisors.get(shard.runnerId)
  }

  statuses(): Map<RunnerId, RunnerStatus> {
    const statuses = new Map<RunnerId, RunnerStatus>()
    for (const [runnerId, { status }] of this.failedStarts) statuses.set(runnerId, status)
    for (const runnerId of this.awaited.runners()) statuses.set(runnerId, DOWNLOADING)
    for (const [runnerId, { status }] of this.supervisors) statuses.set(runnerId, status)
    return statuses
  }

  tasks(): Set<TaskId> {
    return new Set(this.living().flatMap(({ tasks }) => [...tasks.keys()]))
  }

  /** The last output of a runner, or of one that ended recently; otherwise undefined. */
  consoleOf(runnerId: RunnerId): string | undefined {
    return this.supervisors.get(runnerId)?.consoleText() ?? this.oldConsoles.of(runnerId)
  }

  /** The models on this machine have changed: starts runners that were waiting for one. */
  modelsChanged(): void {
    for (const start of this.awaited.arrived()) this.start(start)
  }

  start({ instance, shard }: Start): void {
    const { modelPath, modelProblem, fetchModel, runDir, log, rehearses, sideChannels } = this.options
    const python = this.options.python()
    const { runnerId, worldSize } = shard
    const { instanceId, modelId } = instance
    const rehearsal = isRehearsal(instance)
    if ('unavailable' in python) return this.fail(runnerId, { errorMessage: python.unavailable })
    if (rehearsal && !rehearses)
      return this.fail(runnerId, { errorMessage: `this machine is not configured for a ${REHEARSAL}` })
    const missing = neededModels(instance, shard.nodeId).filter((one) => modelPath(one) === undefined)
    for (const one of missing) {
      const problem = modelProblem?.(one)
      if (problem !== undefined)
        return this.fail(runnerId, {
          errorMessage: problem,
          coded: modelFault('model_file', problem),
          code: 'model_file',
        })
    }
    if (missing.length > 0 && fetchModel) {
      this.awaited.add({ kind: 'start', instance, shard })
      this.report(runnerId, DOWNLOADING)
      for (const one of missing) fetchModel(one)
      return
    }
    const path = modelPath(modelId)
    const gone = missing[0] ?? (path !== undefined && existsSync(path) ? undefined : modelId)
    if (gone !== undefined || path === undefined)
      return this.fail(runnerId, causeFrom(coded('failures.modelGone', { model: gone ?? modelId })))
    log.info({ runnerId, modelId, instanceId, ...(rehearsal && { rdma: REHEARSAL }) }, 'starting a runner')
    const load = loadCommand(
      instance,
      shard,
      { modelPath: path, ...besidePaths(instance, modelPath) },
      this.cacheRoom(),
    )
    const supervisor = this.supervise(
      { instance, shard },
      {
        open: (handlers) => startRunnerProcess(python, runDir, handlers),
        load: worldSize === 1 ? load : this.withRendezvous(load, { instance, runnerId }),
        files: filesDigest(path).catch(() => undefined),
      },
    )
    if (instance.jaccl) sideChannels.open({ instanceId, runnerId }, supervisor)
    this.report(runnerId, supervisor.status)
  }

  /** Takes over a runner that the previous node process left. */
  adopt({ record, attach }: Adopted): void {
    const { runnerId, load, files } = record
    const wanted = wantedOf(this.options, runnerId)
    if (wanted) this.supervise(wanted, { open: attach, load, files: Promise.resolve(files), adopted: record })
  }

  giveUp({ runnerId, reason }: Extract<Action, { kind: 'giveUp' }>): void {
    this.awaited.forget(runnerId)
    const supervisor = this.supervisors.get(runnerId)
    if (supervisor) supervisor.giveUp(reason)
    else this.fail(runnerId, { ...causeFrom(reason), consequence: true })
  }

  stop(runnerId: RunnerId): void {
    const { rendezvous, sideChannels } = this.options
    this.failedStarts.delete(runnerId)
    this.servingTimes.forget(runnerId)
    this.awaited.forget(runnerId)
    rendezvous.forget(runnerId)
    sideChannels.close(runnerId)
    const supervisor = this.supervisors.get(runnerId)
    if (!supervisor) return
    this.supervisors.delete(runnerId)
    this.oldConsoles.keep(runnerId, supervisor.consoleText())
    const stopped = supervisor.stop().finally(() => this.stopping.delete(stopped))
    this.stopping.add(stopped)
  }

  report(runnerId: RunnerId, status: RunnerStatus): void {
    if (this.silenced) return
    const pid = this.supervisors.get(runnerId)?.pid
    const ringPort = this.options.rendezvous.portOf(runnerId)
    const servingMs = this.servingTimes.of(runnerId, status)
    this.options.observer.observe({
      ...status,
      type: 'RunnerStatusUpdated',
      runnerId,
      ...(pid !== undefined && pid > 0 && { pid }),
      ...(ringPort !== undefined && { ringPort }),
      ...(servingMs !== undefined && { servingMs }),
    })
  }

  /** Stops all reports. */
  silence(): void {
    this.silenced = true
  }

  /** Stops all runners; resolves when their processes are gone. */
  async close(): Promise<void> {
    await Promise.all([...this.living().map((supervisor) => supervisor.stop()), ...this.stopping])
  }

  /** Cache memory for a new runner beyond its claim: half of the unclaimed memory, leaving some for the next runner. */
  private cacheRoom(): LoadCommand['cache'] {
    const state = this.options.source.state()
    const spareBytes = Math.floor(freeBytes(state, this.options.nodeId, claimedBytes(state)) / 2)
    const disk = this.options.diskCache?.()
    return { spareBytes, ...(disk && disk.maxBytes > 0 && { disk }) }
  }

  private supervise(
    { instance, shard: { runnerId } }: { readonly instance: Instance; readonly shard: Shard },
    begin: Pick<SupervisorOptions, 'open' | 'load' | 'files' | 'adopted'>,
  ): Supervisor {
    const { limits = DEFAULT_LIMITS, nodeId, source, log, onMeasured, sideChannels, orphaned, traces } = this.options
    const { modelId } = instance
    const rehearsal = isRehearsal(instance)
    const supervisor: Supervisor = new Supervisor({
      ...begin,
      runnerId,
      limits,
      onWake: (epoch) => {
        for (const other of instance.shards)
          if (other.rank !== 0) this.options.wakeRank?.(other.nodeId, other.runnerId, epoch, traces.contextOf(runnerId))
      },
      onLoaded: ({ memoryBytes, contextLength, timings, promptCache }) => {
        log.info({ runnerId, modelId, memoryBytes, contextLength, seconds: timings }, 'loaded a model')
        if (promptCache !== undefined)
          this.options.fetchBlocks?.(
            promptCache,
            (fetched) => !isTerminal(supervisor.status) && !supervisor.computesFaster(fetched),
          )
        this.options.onLoaded()
      },
      onStatus: (status) => {
        if (status.status === 'Failed') log.warn({ runnerId, modelId, reason: status.errorMessage }, 'a runner failed')
        if (isTerminal(status)) sideChannels.close(runnerId)
        traces.changed(runnerId, status)
        if (this.supervisors.get(runnerId) === supervisor) this.report(runnerId, status)
      },
      onUnanswered: (requests, status) => {
        if (status.ofWork !== true) return orphaned.add(instance, requests)
        const name = nodeName(source.state(), nodeId)
        this.options.suspects.suspect(requests, `${name}: ${status.errorMessage}`)
      },
      // Speeds from a rehearsal say nothing about RDMA.
      onAnswered: ({ tokensPerSecond }) => !rehearsal && onMeasured?.(instance, tokensPerSecond),
      ...(instance.jaccl && {
        rdma: {
          rehearsal,
          onRound: (part) => sideChannels.ask(runnerId, part),
          onLeak: () => this.options.onLeak?.(),
        },
      }),
    })
    this.supervisors.set(runnerId, supervisor)
    return supervisor
  }

  /** Resolves with the rendezvous added, once all ranks are known. */
  private async withRendezvous(load: LoadCommand, { instance, runnerId }: WaitingRank): Promise<LoadCommand> {
    const { rendezvous, reconcileSoon } = this.options
    await rendezvous.prepare({ instance, runnerId })
    const supervisor = this.supervisors.get(runnerId)
    if (supervisor) this.report(runnerId, supervisor.status)
    else rendezvous.forget(runnerId)
    // An earlier attempt must have released its RDMA resources before this one requests them.
    if (instance.jaccl) await Promise.all(this.stopping)
    const found = rendezvous.await({ instance, runnerId })
    reconcileSoon()
    return { ...load, ...(await found) }
  }

  private fail(runnerId: RunnerId, why: Omit<Extract<RunnerStatus, { status: 'Failed' }>, 'status'>): void {
    const status: RunnerStatus = { status: 'Failed', ...why }
    this.failedStarts.set(runnerId, { status })
    this.report(runnerId, status)
  }
}
