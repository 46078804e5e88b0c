import { randomUUID } from 'node:crypto'
import type { Command, Refusal } from '@core/commands/command'
import type { ApiRequest, ClientRequest } from '@core/generation/request'
import { routeOf, targetOf } from '@core/generation/route'
import type { GenerationUpdate } from '@core/generation/stream'
import { CommandId, MetaInstanceId, ModelId } from '@core/ids'
import { isOnDisk, modelsOnDisk } from '@core/state/on-disk'
import { DEFAULT_PREFERENCE, type MetaInstance, type OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { Asking } from './serving'

/** A model may end as idle in the moment in which a request comes for it; it is then loaded again, but not for ever. */
const MOST_LOADS = 5
const ENDED_AGAIN = 'whenever it is loaded, other requests end it (keep_alive 0); declare it to keep it'

/** A shorter time than the known one is not decided more often than this: clients that disagree would fill the log. */
const SHORTENED_EVERY_MS = 10_000

type Failed = Extract<GenerationUpdate, { type: 'failed' }>

export interface LoadOnRequestOptions {
  readonly source: { state(): State }
  readonly commands: {
    /** Rejects with an error that has `message` and `hint` where nobody can decide. */
    submit(
      command: Command,
      options: { commandId: CommandId },
    ): Promise<{ status: 'done' } | { status: 'refused'; refusal: Refusal }>
  }
  readonly serving: { generate(request: ClientRequest, asking: Asking): AsyncGenerator<GenerationUpdate> }
  /** Why a model that lies on this machine can never be loaded; undefined for all others. */
  readonly problemOf: (model: string) => string | undefined
  readonly settings: () => { readonly enabled: boolean; readonly idleSeconds: number }
  readonly log: { warn(fields: object, message: string): void }
  /** Milliseconds of a clock that never runs back. */
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
  message: `"${model}" lies on this machine and cannot be run: ${problem}`,
})

const kept = (keepAlive: number): OnRequest => (Number.isFinite(keepAlive) ? { idleSeconds: keepAlive } : {})

/**
 * Serves requests for models that lie on a disk and that nobody has declared: a temporary declaration is made for them,
 * and the request then waits for it as for any other. Requests that come meanwhile share it, here and, because the
 * master makes one for a model, on all nodes. One that has no place is told why at once, and the declaration goes again.
 */
export class LoadOnRequest {
  private readonly loading = new Map<string, Promise<Failed | undefined>>()
  /** When this node last changed how long a declaration is kept. */
  private readonly changedAt = new Map<MetaInstanceId, number>()

  constructor(private readonly options: LoadOnRequestOptions) {}

  /** What can be asked for without being declared: nothing where this node does not load on request. */
  loadable(): readonly ModelId[] {
    return this.options.settings().enabled ? modelsOnDisk(this.options.source.state()) : []
  }

  /** Streams one request as `Serving.generate` does. */
  async *generate({ keepAlive, ...request }: ApiRequest, asking: Asking): AsyncGenerator<GenerationUpdate> {
    const { source, serving, settings } = this.options
    if (keepAlive !== undefined) this.keep(request.model, kept(keepAlive))
    for (let loads = 0; ; loads += 1) {
      const updates = serving.generate(request, asking)
      try {
        const { value: first, done } = await updates.next()
        if (done) return
        const isUnknown = first.type === 'failed' && first.code === 'model_not_found'
        const { enabled, idleSeconds } = settings()
        if (isUnknown && enabled && !asking.signal.aborted && isOnDisk(source.state(), request.model)) {
          const failure =
            loads < MOST_LOADS
              ? await this.load(request.model, keepAlive === undefined ? { idleSeconds } : kept(keepAlive))
              : unavailable(request.model, ENDED_AGAIN)
          if (!failure) continue
          yield failure
          return
        }
        if (first.type === 'failed' && enabled && !asking.signal.aborted && loads < MOST_LOADS) {
          const route = routeOf(source.state(), request.model)
          if (route.kind === 'off') {
            const failure = await this.awaken(
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

  /** Declares a model for its time; one declaration for all who ask meanwhile. */
  private load(model: string, onRequest: OnRequest): Promise<Failed | undefined> {
    const under = this.loading.get(model) ?? this.declare(model, onRequest).finally(() => this.loading.delete(model))
    this.loading.set(model, under)
    return under
  }

  /** Loads what is outside its hours. Undefined where that was decided. */
  private async awaken(
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
        // Somebody was faster, on another node.
        return routeOf(state, model).kind === 'unknown' ? unavailable(model, result.refusal.reason) : undefined
      const made = state.metaInstances[metaInstanceId]
      if (made === undefined || made.onRequest) return undefined
      // A master of an earlier version does not know that it is temporary: it would stay for ever.
      await this.submit({ type: 'DeleteMetaInstance', metaInstanceId })
      return unavailable(model, 'the machine that leads the cluster has an older Muster, which has to be updated')
    } catch (error) {
      return unavailable(model, error instanceof Error ? error.message : String(error))
    }
  }

  /**
   * A request says how long its model is to be kept; the last one counts. What is always on is not touched by it. Of
   * requests that disagree within seconds the longest time counts, but for one that ends the model.
   */
  private keep(model: string, onRequest: OnRequest): void {
    const now = (this.options.now ?? performance.now.bind(performance))()
    for (const { metaInstanceId, onRequest: known } of this.temporary(model)) {
      const [wanted = Infinity, present = Infinity] = [onRequest.idleSeconds, known?.idleSeconds]
      if (wanted === present) continue
      const last = this.changedAt.get(metaInstanceId) ?? -Infinity
      if (wanted < present && wanted > 0 && now - last < SHORTENED_EVERY_MS) continue
      this.changedAt.set(metaInstanceId, now)
      this.tell({ type: 'UpdateMetaInstance', metaInstanceId, changes: { onRequest } })
    }
    const { metaInstances } = this.options.source.state()
    for (const id of this.changedAt.keys()) if (!(id in metaInstances)) this.changedAt.delete(id)
  }

  /** Ends what was declared for requests and has no place; those requests have been told. */
  private withdraw(model: string): void {
    for (const { metaInstanceId, placementError, pinned } of this.temporary(model))
      if (placementError && !pinned) this.tell({ type: 'DeleteMetaInstance', metaInstanceId })
  }

  private temporary(model: string): MetaInstance[] {
    return targetOf(this.options.source.state(), model).metaInstances.filter(({ onRequest }) => onRequest)
  }

  /** Nobody waits for it: where it cannot be decided now, the master ends the model by its own time. */
  private tell(command: Command): void {
    this.submit(command).catch((error: unknown) => this.options.log.warn({ err: error }, 'could not be decided now'))
  }

  private submit(command: Command): Promise<{ status: 'done' } | { status: 'refused'; refusal: Refusal }> {
    return this.options.commands.submit(command, { commandId: CommandId.parse(randomUUID()) })
  }
}
