import { randomUUID } from 'node:crypto'
import type { Command, Refusal } from '@core/commands/command'
import type { ApiRequest, ClientRequest } from '@core/generation/request'
import { routeOf, targetOf } from '@core/generation/route'
import type { GenerationUpdate } from '@core/generation/stream'
import { CommandId, MetaInstanceId, ModelId } from '@core/ids'
import { isOnDisk, modelsOnDisk } from '@core/state/on-disk'
import { DEFAULT_PREFERENCE, type MetaInstance, type OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { CallerContext } from './serving'

/**
 * Limits reloads: an idle model can be unloaded at the very moment a request for it arrives, and is then loaded again.
 */
const MOST_LOADS = 5
const ENDED_REPEATEDLY = 'whenever it is loaded, other requests end it (keep_alive 0); declare it to keep it'

/** Minimum time between two shortenings of `keep_alive`: clients that disagree would otherwise fill the log. */
const SHORTENED_EVERY_MS = 10_000

type Failed = Extract<GenerationUpdate, { type: 'failed' }>

export interface LoadOnRequestOptions {
  readonly source: { state(): State }
  readonly commands: {
    /** Rejects with an error that has `message` and `hint` when no master is reachable. */
    submit(
      command: Command,
      options: { commandId: CommandId },
    ): Promise<{ status: 'done' } | { status: 'refused'; refusal: Refusal }>
  }
  readonly serving: { generate(request: ClientRequest, caller: CallerContext): AsyncGenerator<GenerationUpdate> }
  /** Why a model on this machine's disk can never be loaded; undefined if it can, or if it is not on this disk. */
  readonly problemOf: (model: string) => string | undefined
  readonly settings: () => { readonly enabled: boolean; readonly idleSeconds: number }
  readonly log: { warn(fields: object, message: string): void }
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

const unavailable = (model: string, reason: string): Failed => ({
  type: 'failed',
  code: 'model_unavailable',
  message: `"${model}" cannot be loaded now: ${reason}`,
})

const unusable = (model: string, problem: string): Failed => ({
  type: 'failed',
  code: 'model_not_found',
  message: `"${model}" is on this machine but cannot be run: ${problem}`,
})

const kept = (keepAlive: number): OnRequest => (Number.isFinite(keepAlive) ? { idleSeconds: keepAlive } : {})

/**
 * Loads undeclared models on request. If a model is on a disk, it is declared temporarily and the request waits for it
 * like any other. Concurrent requests share that declaration, also across nodes, because the master allows one per
 * model. If the model cannot be placed, the request fails at once with the reason and the declaration is deleted.
 */
export class LoadOnRequest {
  private readonly loading = new Map<string, Promise<Failed | undefined>>()
  /** When this node last changed the idle time of a declaration. */
  private readonly changedAt = new Map<MetaInstanceId, number>()

  constructor(private readonly options: LoadOnRequestOptions) {}

  /** Models that requests may name without a declaration: none if loading on request is off. */
  loadable(): readonly ModelId[] {
    return this.options.settings().enabled ? modelsOnDisk(this.options.source.state()) : []
  }

  /** Streams one request like `Serving.generate`, loading or waking its model first if needed. */
  async *generate({ keepAlive, ...request }: ApiRequest, caller: CallerContext): AsyncGenerator<GenerationUpdate> {
    const { source, serving, settings } = this.options
    if (keepAlive !== undefined) this.keep(request.model, kept(keepAlive))
    for (let loads = 0; ; loads += 1) {
      const updates = serving.generate(request, caller)
      try {
        const { value: first, done } = await updates.next()
        if (done) return
        const isUnknown = first.type === 'failed' && first.code === 'model_not_found'
        const { enabled, idleSeconds } = settings()
        if (isUnknown && enabled && !caller.signal.aborted && isOnDisk(source.state(), request.model)) {
          const failure =
            loads < MOST_LOADS
              ? await this.load(request.model, keepAlive === undefined ? { idleSeconds } : kept(keepAlive))
              : unavailable(request.model, ENDED_REPEATEDLY)
          if (!failure) {
            // Another request may have declared it, with its own `keep_alive`.
            if (keepAlive !== undefined) this.keep(request.model, kept(keepAlive))
            continue
          }
          yield failure
          return
        }
        if (first.type === 'failed' && enabled && !caller.signal.aborted && loads < MOST_LOADS) {
          const route = routeOf(source.state(), request.model)
          if (route.kind === 'off') {
            const failure = await this.wake(
              route.metaInstance,
              keepAlive === undefined ? { idleSeconds } : kept(keepAlive),
            )
            if (!failure) continue
            yield failure
            return
          }
        }
        if (first.type === 'failed') this.withdraw(request.model)
        const problem = isUnknown ? this.options.problemOf(request.model) : undefined
        yield problem === undefined ? first : unusable(request.model, problem)
        yield* updates
        return
      } finally {
        await updates.return(undefined)
      }
    }
  }

  /** Declares a model temporarily; concurrent requests share one declaration. */
  private load(model: string, onRequest: OnRequest): Promise<Failed | undefined> {
    const under = this.loading.get(model) ?? this.declare(model, onRequest).finally(() => this.loading.delete(model))
    this.loading.set(model, under)
    return under
  }

  /** Wakes a model that is outside its hours. Resolves with the failure, or undefined on success. */
  private async wake(
    { metaInstanceId, name, modelId }: MetaInstance,
    onRequest: OnRequest,
  ): Promise<Failed | undefined> {
    try {
      const result = await this.submit({ type: 'WakeMetaInstance', metaInstanceId, onRequest })
      return result.status === 'refused' ? unavailable(name ?? modelId, result.refusal.reason) : undefined
    } catch (error) {
      return unavailable(name ?? modelId, error instanceof Error ? error.message : String(error))
    }
  }

  private async declare(model: string, onRequest: OnRequest): Promise<Failed | undefined> {
    const { source } = this.options
    const metaInstanceId = MetaInstanceId.parse(randomUUID())
    try {
      const result = await this.submit({
        type: 'CreateMetaInstance',
        metaInstanceId,
        modelId: ModelId.parse(model),
        sharding: 'Pipeline',
        instanceMeta: 'MlxRing',
        minNodes: 1,
        placementPreference: DEFAULT_PREFERENCE,
        paused: false,
        onRequest,
      })
      const state = source.state()
      if (result.status === 'refused')
        // Another node declared it first: use that declaration.
        return routeOf(state, model).kind === 'unknown' ? unavailable(model, result.refusal.reason) : undefined
      const made = state.metaInstances[metaInstanceId]
      if (made === undefined || made.onRequest) return undefined
      // A master of an earlier version ignores `onRequest`, so the declaration would never be removed.
      await this.submit({ type: 'DeleteMetaInstance', metaInstanceId })
      return unavailable(model, 'the master of the cluster runs an older Muster; update it')
    } catch (error) {
      return unavailable(model, error instanceof Error ? error.message : String(error))
    }
  }

  /**
   * Applies a request's `keep_alive` to temporary declarations of its model; permanent ones are unaffected. The last
   * request wins, except that within `SHORTENED_EVERY_MS` a shorter time is ignored, unless it is 0 (unload now).
   */
  private keep(model: string, onRequest: OnRequest): void {
    const now = (this.options.now ?? performance.now.bind(performance))()
    for (const { metaInstanceId, onRequest: known } of this.temporary(model)) {
      const [wanted = Infinity, present = Infinity] = [onRequest.idleSeconds, known?.idleSeconds]
      if (wanted === present) continue
      const last = this.changedAt.get(metaInstanceId) ?? -Infinity
      if (wanted < present && wanted > 0 && now - last < SHORTENED_EVERY_MS) continue
      this.changedAt.set(metaInstanceId, now)
      this.submitInBackground({ type: 'UpdateMetaInstance', metaInstanceId, changes: { onRequest } })
    }
    const { metaInstances } = this.options.source.state()
    for (const id of this.changedAt.keys()) if (!(id in metaInstances)) this.changedAt.delete(id)
  }

  /** Deletes temporary declarations that cannot be placed; their requests have already failed with the reason. */
  private withdraw(model: string): void {
    for (const { metaInstanceId, placementError, pinned } of this.temporary(model))
      if (placementError && !pinned) this.submitInBackground({ type: 'DeleteMetaInstance', metaInstanceId })
  }

  private temporary(model: string): MetaInstance[] {
    return targetOf(this.options.source.state(), model).metaInstances.filter(({ onRequest }) => onRequest)
  }

  /** Submits without waiting. A failure only costs time: the master ends idle models by itself. */
  private submitInBackground(command: Command): void {
    this.submit(command).catch((error: unknown) =>
      this.options.log.warn({ err: error }, 'a change of a temporary declaration was not submitted'),
    )
  }

  private submit(command: Command): Promise<{ status: 'done' } | { status: 'refused'; refusal: Refusal }> {
    return this.options.commands.submit(command, { commandId: CommandId.parse(randomUUID()) })
  }
}
