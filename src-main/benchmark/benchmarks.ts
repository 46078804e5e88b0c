import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { benchmarkPlan, plannedPlacements, type Planned } from '@core/benchmark/placements'
import type { Command, Refusal } from '@core/commands/command'
import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { CommandId, InstanceId, type ModelId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import { DEFAULT_PREFERENCE } from '@core/state/meta-instances'
import type { Benchmark, BenchmarkedPlacement, BenchmarkPlan, BenchmarkRequest } from '@core/protocols/benchmark'
import { isReady } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import { keepBenchmarks, readBenchmarks, withLatest } from './benchmark-file'
import { measure } from './measure'

/** Time limit for loading a placement. */
const LOADING_MS = 600_000

export interface BenchmarksOptions {
  readonly dataDir: string
  readonly source: { state(): State; subscribe(event: () => void, reset?: () => void): () => void }
  readonly commands: {
    submit(
      command: Command,
      options: { commandId: CommandId },
    ): Promise<{ status: 'done' } | { status: 'refused'; refusal: Refusal }>
  }
  /** Runs one request on one given instance, without routing. */
  readonly generateOn: (
    instance: Instance,
    request: Omit<ClientRequest, 'model'>,
    signal: AbortSignal,
  ) => AsyncIterable<GenerationUpdate>
  readonly log: { warn(fields: object, message: string): void }
}

/** What to measure. */
export interface Wanted extends BenchmarkRequest {
  readonly modelId: ModelId
  readonly card: ModelCard
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Measures how fast models are where they run, and at placements where they could run; one benchmark at a time. Keeps
 * the last results.
 */
export class Benchmarks {
  private cancelled = new AbortController()
  private running: Promise<void> | undefined
  private readonly listeners = new Set<() => void>()

  private constructor(
    private readonly options: BenchmarksOptions,
    private readonly path: string,
    private kept: readonly Benchmark[],
  ) {}

  static async open(options: BenchmarksOptions): Promise<Benchmarks> {
    const path = join(options.dataDir, 'benchmarks.json')
    return new Benchmarks(options, path, await readBenchmarks(path))
  }

  /** Newest first; the first may still be running. */
  list(): readonly Benchmark[] {
    return this.kept
  }

  plan(wanted: Wanted): BenchmarkPlan {
    const state = this.options.source.state()
    return benchmarkPlan(state, this.planned(wanted))
  }

  /** Starts a benchmark; undefined if one is running, or if there is nothing to measure. */
  start(wanted: Wanted): Benchmark | undefined {
    if (this.running) return undefined
    const planned = this.planned(wanted)
    if (planned.length === 0) return undefined
    const { model, modelId, scope } = wanted
    const { placements } = benchmarkPlan(this.options.source.state(), planned)
    const benchmark: Benchmark = {
      ...{ benchmarkId: randomUUID(), model, modelId, scope, startedAt: Date.now(), state: 'running' },
      placements: placements.map((placement) => ({ ...placement, state: 'waiting', figures: { firstToken: [] } })),
    }
    this.update(benchmark)
    this.cancelled = new AbortController()
    this.running = this.run(benchmark, planned, wanted).finally(() => (this.running = undefined))
    return benchmark
  }

  /** Cancels the benchmark; resolves when all its work has stopped. */
  async cancel(): Promise<void> {
    this.cancelled.abort()
    await this.running
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  close(): Promise<void> {
    return this.cancel()
  }

  private planned({ model, card, scope }: Wanted): Planned[] {
    return plannedPlacements(this.options.source.state(), model, card, scope)
  }

  private async run(benchmark: Benchmark, planned: readonly Planned[], wanted: Wanted): Promise<void> {
    const { signal } = this.cancelled
    let current = benchmark
    const change = (at: number, changes: Partial<BenchmarkedPlacement>): void => {
      const placements = current.placements.map((one, index) => (index === at ? { ...one, ...changes } : one))
      current = { ...current, placements }
      this.update(current)
    }
    for (const [at, one] of planned.entries()) {
      if (signal.aborted) change(at, { state: 'cancelled' })
      else await this.measureOne(one, wanted, (changes) => change(at, changes))
    }
    const state = signal.aborted
      ? 'cancelled'
      : current.placements.some((placement) => placement.state === 'done')
        ? 'done'
        : 'failed'
    this.update({ ...current, state, endedAt: Date.now() })
    try {
      await keepBenchmarks(this.path, this.kept)
    } catch (error) {
      this.options.log.warn({ err: error }, 'cannot write the benchmarks file; results are lost at the next start')
    }
  }

  /** Measures one placement. Never rejects. */
  private async measureOne(
    planned: Planned,
    wanted: Wanted,
    change: (changes: Partial<BenchmarkedPlacement>) => void,
  ): Promise<void> {
    const { signal } = this.cancelled
    let placed: InstanceId | undefined
    try {
      let { instance } = planned
      if (!instance) {
        change({ state: 'loading' })
        placed = InstanceId.parse(randomUUID())
        await this.place(placed, planned, wanted)
        instance = await this.loaded(placed, signal)
      }
      const measured = instance
      change({ state: 'measuring' })
      const figures = await measure({
        generate: (request, aborted) => this.options.generateOn(measured, request, aborted),
        contextLength: wanted.card.contextLength,
        signal,
        nonce: randomUUID,
        now: () => performance.now(),
        onStep: (step, until) => change({ step, figures: until }),
      })
      change({ state: 'done', step: undefined, figures })
    } catch (error) {
      change(
        signal.aborted
          ? { state: 'cancelled', step: undefined }
          : { state: 'failed', step: undefined, error: messageOf(error) },
      )
    } finally {
      if (placed !== undefined) await this.remove(placed)
    }
  }

  private async place(instanceId: InstanceId, { nodeIds, sharding, instanceMeta }: Planned, wanted: Wanted) {
    const { modelId, card } = wanted
    const result = await this.submit({
      ...{ type: 'PlaceInstance', instanceId, modelId, card, sharding, instanceMeta },
      ...{ minNodes: nodeIds.length, nodeIds: [...nodeIds], placementPreference: DEFAULT_PREFERENCE },
    })
    if (result.status === 'refused') throw new Error(result.refusal.reason)
  }

  private async remove(instanceId: InstanceId): Promise<void> {
    try {
      // Submitted even if the instance is not in the state, because this node may lag behind; a refusal (already
      // deleted) is ignored.
      await this.submit({ type: 'DeleteInstance', instanceId })
    } catch (error) {
      this.options.log.warn({ err: error, instanceId }, 'could not remove an instance that was placed for a benchmark')
    }
  }

  /** Waits until the instance is ready. Rejects if it fails, is deleted, exceeds the time limit or is cancelled. */
  private loaded(instanceId: InstanceId, signal: AbortSignal): Promise<Instance> {
    const { source } = this.options
    // The instance may have been decided on another machine and arrive here later, so its absence counts only once it
    // was seen.
    let seen = false
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        unsubscribe()
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        end()
      }
      const giveUp = (): void => settle(() => reject(new Error('it was cancelled')))
      const check = (): void => {
        const state = source.state()
        const instance = state.instances[instanceId]
        if (!instance && seen) return settle(() => reject(new Error('it could not be loaded there')))
        if (!instance) return
        seen = true
        if (isReady(state, instance)) settle(() => resolve(instance))
      }
      const unsubscribe = source.subscribe(check, check)
      const timer = setTimeout(() => settle(() => reject(new Error('it took too long to load'))), LOADING_MS)
      signal.addEventListener('abort', giveUp, { once: true })
      if (signal.aborted) giveUp()
      else check()
    })
  }

  private submit(command: Command) {
    return this.options.commands.submit(command, { commandId: CommandId.parse(randomUUID()) })
  }

  private update(benchmark: Benchmark): void {
    this.kept = withLatest(benchmark, this.kept)
    for (const listener of this.listeners) listener()
  }
}
