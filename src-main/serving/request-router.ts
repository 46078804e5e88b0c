import { createHash } from 'node:crypto'
import type { Envelope } from '@core/events/event'
import { PrefixMemory, prefixChain, type PrefixChain } from '@core/generation/prefixes'
import type { ClientRequest } from '@core/generation/request'
import { routeOf, targetOf, type Route } from '@core/generation/route'
import type { InstanceId, RunnerId, TaskId } from '@core/ids'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import type { Task } from '@core/state/tasks'
import { elapsed, later, monotonic, type Monotonic } from '@core/time/clocks'

/**
 * How long a runner that failed a request or was unreachable is skipped, unless the state reports sooner that it ended.
 */
const LOST_MS = 2000

export interface RequestRouterOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  /** Requests of this node that have not ended, by task. */
  readonly underWay: ReadonlyMap<TaskId, Pick<Task, 'instanceId'>>
  /** Aborts when waiting requests are to be refused. */
  readonly refused: AbortSignal
}

/** What the routing of one request knows, across its attempts. */
export interface Routing {
  readonly model: string
  /** When waiting for the model ends. */
  readonly deadline: Monotonic
  /** Aborts when the client no longer wants the answer. */
  readonly signal: AbortSignal
  readonly chain: PrefixChain
  /** Rank-0 runners that failed this request or were unreachable, with the time until which they are skipped. */
  readonly lost: Map<RunnerId, Monotonic>
  /** Instances whose queue was full. */
  readonly full: Set<InstanceId>
}

const readClock = (): Monotonic => monotonic(performance.now())

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64')

/** Picks the instance of a request, by cached prefix and load, and waits while its model has none. */
export class RequestRouter {
  private readonly prefixes = new PrefixMemory<RunnerId>()
  private readonly unsubscribe: () => void

  constructor(private readonly options: RequestRouterOptions) {
    const forget = (): void => {
      const { runners } = options.source.state()
      this.prefixes.retain((runnerId) => runnerId in runners)
    }
    this.unsubscribe = options.source.subscribe(({ event }) => {
      if (event.type === 'InstanceDeleted' || event.type === 'InstanceRetrying') forget()
    }, forget)
  }

  close(): void {
    this.unsubscribe()
  }

  /** Routing of a request that waits for its model until `deadline`. */
  begin(request: ClientRequest, { deadline, signal }: Pick<Routing, 'deadline' | 'signal'>): Routing {
    const { model } = request
    return { model, deadline, signal, chain: this.chainOf(request), lost: new Map(), full: new Set() }
  }

  /** Records that this instance has computed the prompt: later turns of the conversation find its prefix cached there. */
  remember({ shards }: Instance, { chain }: Routing): void {
    if (shards[0]) this.prefixes.remember(shards[0].runnerId, chain)
  }

  /**
   * Skips this instance for a while: the state may not yet show that it is gone, and a machine that restarts returns
   * with the same runner id.
   */
  skip({ shards }: Instance, { lost }: Routing): void {
    if (shards[0]) lost.set(shards[0].runnerId, later(readClock(), LOST_MS))
  }

  /** Resolves when the model is ready, cannot become ready, or the deadline has passed. */
  route(routing: Routing): Promise<Route> {
    const { source, refused } = this.options
    const { deadline, signal } = routing
    const now = this.routeNow(routing)
    if (now.kind !== 'wait' || signal.aborted || refused.aborted || readClock() >= deadline) return Promise.resolve(now)
    return new Promise((resolve) => {
      const recheck = (): void => {
        const route = this.routeNow(routing)
        if (route.kind !== 'wait') settle(route)
      }
      const giveUp = (): void => settle(this.routeNow(routing))
      const settle = (route: Route): void => {
        unsubscribe()
        clearTimeout(timer)
        clearInterval(polling)
        for (const one of [signal, refused]) one.removeEventListener('abort', giveUp)
        resolve(route)
      }
      const unsubscribe = source.subscribe(recheck, recheck)
      const timer = setTimeout(giveUp, elapsed(readClock(), deadline))
      const polling = setInterval(recheck, LOST_MS)
      for (const one of [signal, refused]) one.addEventListener('abort', giveUp, { once: true })
    })
  }

  private routeNow({ model, lost, full, chain }: Routing): Route {
    for (const [runnerId, until] of lost) if (until <= readClock()) lost.delete(runnerId)
    const { source, underWay } = this.options
    const held = (runnerId: RunnerId): number => this.prefixes.held(runnerId, chain)
    return routeOf(source.state(), model, { underWay, lost: new Set(lost.keys()), full, held })
  }

  /** Prefix chain for routing; empty with fewer than two instances, because there is nothing to choose. */
  private chainOf({ model, prompt, countOnly }: ClientRequest): PrefixChain {
    const { instances } = targetOf(this.options.source.state(), model)
    return countOnly === true || instances.length < 2 ? [] : prefixChain(prompt, sha256)
  }
}
