import { randomUUID } from 'node:crypto'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationErrorCode, GenerationUpdate } from '@core/generation/stream'
import { isBlamed, SuspectLedger } from '@core/suspects/ledger'
import { MAX_CAUSE, SUSPICION_MS, type Suspicion } from '@core/suspects/suspicion'
import { digestOf } from './digest'
import { KeyedMutex } from './keyed-mutex'

export interface SuspectsOptions {
  /** Monotonic milliseconds. */
  readonly now?: () => number
  /**
   * Sends suspicions to the other members. Resolves when all reachable ones have acknowledged, or a time limit has
   * passed; never rejects.
   */
  readonly broadcast?: (suspicions: readonly Suspicion[]) => Promise<void>
  /**
   * Waits until no other machine runs a copy of that request. Resolves with the function that ends the turn, or with
   * undefined if the signal aborts first; never rejects.
   */
  readonly turn?: (digest: string, signal: AbortSignal) => Promise<(() => void) | undefined>
}

/**
 * Keeps any one request from ending more than two runners in the cluster.
 *
 * When a runner dies while it computes, every request it had becomes a suspect. Suspects are identified by a digest of
 * their content, since the task id differs between attempts. To find the one to blame:
 *
 * 1. Each machine runs one suspect at a time, first come first served; the cluster runs one copy of each suspect at a
 *    time. Requests that are no suspects run alongside.
 * 2. A request present at `MAX_DEATHS` deaths, on any machines, is refused with `ended_runners`: at the second death no
 *    other suspect was running.
 * 3. A suspect that runs to its end is cleared. Suspicion expires `SUSPICION_MS` after the last death.
 *
 * Members learn of a death before the client sees its request fail, and a request forwarded to another machine carries
 * the suspicion with it, so the limit holds for clients that retry after a failure on any machine. It does not cover
 * copies of a request that already run on several machines when the first runner dies. Held in memory only: a node that
 * starts gets the suspicions from the others.
 */
export class Suspects {
  private readonly ledger = new SuspectLedger()
  /** Runs this machine's suspects one at a time. */
  private readonly turns = new KeyedMutex()
  /** Resolves when all broadcasts so far are acknowledged or timed out. */
  private broadcasts: Promise<void> = Promise.resolve()
  private readonly now: () => number

  constructor(private readonly options: SuspectsOptions = {}) {
    this.now = options.now ?? (() => performance.now())
  }

  /** Records that a runner died while it computed these requests; `cause` is shown to users. */
  suspect(requests: Iterable<GenerationRequest>, cause: string): void {
    const death = { deathId: randomUUID(), cause: cause.slice(0, MAX_CAUSE), cleared: false }
    const digests = new Set([...requests].map(digestOf))
    this.broadcast(
      [...digests].flatMap((digest) => this.learn([{ digest, remainingMs: SUSPICION_MS, deaths: [death] }])),
    )
  }

  /** Merges suspicions from another member. Returns what was new here. */
  learn(suspicions: readonly Suspicion[]): Suspicion[] {
    return this.ledger.merge(suspicions, this.now())
  }

  /** All suspicions held here, for a member that may lack some. */
  all(): Suspicion[] {
    return this.ledger.all(this.now())
  }

  /** The suspicion against a request, to be forwarded with it; undefined if there is none. */
  of(request: GenerationRequest): Suspicion | undefined {
    return this.ledger.isEmpty ? undefined : this.ledger.of(digestOf(request), this.now())
  }

  /** The refusal of a request that has ended too many runners; undefined if it may run. */
  refusal(request: GenerationRequest): GenerationUpdate | undefined {
    return this.ledger.isEmpty ? undefined : this.refusalOf(digestOf(request))
  }

  /**
   * Streams `run()`: at once for a request that is no suspect; for a suspect when its turn comes, or never if it is
   * refused.
   */
  admit(
    request: GenerationRequest,
    signal: AbortSignal,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncIterable<GenerationUpdate> {
    if (this.ledger.isEmpty) return this.afterBroadcast(run)
    const digest = digestOf(request)
    return this.ledger.causes(digest, this.now()).length > 0
      ? this.serialized(digest, signal, () => this.afterBroadcast(run))
      : this.afterBroadcast(run)
  }

  /** Holds a failure back until the members have its suspicion, because the client may retry at any of them. */
  private async *afterBroadcast(run: () => AsyncIterable<GenerationUpdate>): AsyncGenerator<GenerationUpdate> {
    for await (const update of run()) {
      if (update.type === 'failed') await this.broadcasts
      yield update
    }
  }

  private async *serialized(
    digest: string,
    signal: AbortSignal,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    // Lock order, the same on every machine: first the local turn, then the cluster's. Its holder waits for no other
    // lock, so there is no deadlock.
    const releaseLocal = await this.turns.take('', signal)
    const releaseCluster = releaseLocal && (await (this.options.turn?.(digest, signal) ?? (() => undefined)))
    try {
      if (!releaseCluster) {
        yield CANCELLED
        return
      }
      const refusal = this.refusalOf(digest)
      if (refusal) {
        yield refusal
        return
      }
      for await (const update of run()) {
        if (clears(update)) this.broadcast(this.ledger.clear(digest, this.now()))
        yield update
      }
    } finally {
      releaseCluster?.()
      releaseLocal?.()
    }
  }

  private refusalOf(digest: string): GenerationUpdate | undefined {
    const causes = this.ledger.causes(digest, this.now())
    return isBlamed(causes) ? refusal(causes) : undefined
  }

  private broadcast(suspicions: readonly Suspicion[]): void {
    if (suspicions.length === 0) return
    this.broadcasts = Promise.all([this.broadcasts, this.options.broadcast?.(suspicions)]).then(() => undefined)
  }
}

const CANCELLED: GenerationUpdate = {
  type: 'finished',
  reason: 'cancelled',
  usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
}

const refusal = (causes: readonly string[]): GenerationUpdate => ({
  type: 'failed',
  code: 'ended_runners',
  message:
    `This request is not run again: the model's runner died ${causes.length} times while it was answering it ` +
    `(${[...new Set(causes)].join('; ')}). Change the request, or try it again in ${SUSPICION_MS / 60_000} minutes.`,
})

/** Failures that neither blame nor clear the request: it did not run, or its runner died. */
const INCONCLUSIVE: ReadonlySet<GenerationErrorCode> = new Set<GenerationErrorCode>([
  'runner_failed',
  'model_unavailable',
  'overloaded',
  'too_many_requests',
])

/** Whether the runner survived the request: it was answered or refused. */
const clears = (update: GenerationUpdate): boolean =>
  (update.type === 'finished' && update.reason !== 'cancelled') ||
  (update.type === 'failed' && !INCONCLUSIVE.has(update.code))
