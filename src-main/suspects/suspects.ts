import { randomUUID } from 'node:crypto'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationErrorCode, GenerationUpdate } from '@core/generation/stream'
import { isBlamed, SuspectLedger } from '@core/suspects/ledger'
import { MAX_CAUSE, SUSPICION_MS, type Suspicion } from '@core/suspects/suspicion'
import { digestOf } from './digest'
import { Turns } from './turns'

export interface SuspectsOptions {
  /** Milliseconds; never goes back. */
  readonly now?: () => number
  /** Tells the other members. Resolves when those in reach have heard it, or will not be waited for; never rejects. */
  readonly tell?: (suspicions: readonly Suspicion[]) => Promise<void>
  /**
   * Waits until no other machine runs that request. Resolves with the way to end the turn, or with undefined where the
   * signal comes first; never rejects.
   */
  readonly turn?: (digest: string, signal: AbortSignal) => Promise<(() => void) | undefined>
}

/**
 * Keeps a request that ends runners from ending more than two in the cluster.
 *
 * A runner that dies of what it computes makes every request it was answering a suspect, known by a digest of its
 * content: the task id differs from try to try. Of many suspects one is to blame, so:
 *
 * 1. Of a machine's suspects one runs at a time, in the order in which they came, and of the copies of one suspect one
 *    in the whole cluster. What nobody suspects runs beside it.
 * 2. A request present at `MAX_DEATHS` deaths, wherever they were, is refused by name: at the second one no other
 *    suspect was there.
 * 3. A suspect whose run comes to an end is cleared. Suspicion is over `SUSPICION_MS` after the last death.
 *
 * All members are told of a death before whoever asked hears that his request failed, and a request brings to the
 * machine that is to run it what the machine that took it knows of it. So the limit holds for whoever asks again after
 * a failure, at any machine. It does not hold for copies of a request that run on several machines already when the
 * first of them ends its runner. Kept in memory only: a machine that starts is told by the others.
 */
export class Suspects {
  private readonly ledger = new SuspectLedger()
  /** Of this machine's suspects one runs at a time. */
  private readonly turns = new Turns()
  /** Settled when everybody has been told what happened here. */
  private told: Promise<void> = Promise.resolve()
  private readonly now: () => number

  constructor(private readonly options: SuspectsOptions = {}) {
    this.now = options.now ?? (() => performance.now())
  }

  /** A runner died of its work while it was answering these; `cause` is for people. */
  suspect(requests: Iterable<GenerationRequest>, cause: string): void {
    const death = { deathId: randomUUID(), cause: cause.slice(0, MAX_CAUSE), cleared: false }
    const digests = new Set([...requests].map(digestOf))
    this.tell([...digests].flatMap((digest) => this.learn([{ digest, remainingMs: SUSPICION_MS, deaths: [death] }])))
  }

  /** Another member says what it knows. The part of it that is news here. */
  learn(suspicions: readonly Suspicion[]): Suspicion[] {
    return this.ledger.merge(suspicions, this.now())
  }

  /** All that is known here, for a member that may not have heard it. */
  all(): Suspicion[] {
    return this.ledger.all(this.now())
  }

  /** What is known of a request, for the machine that is to run it. */
  of(request: GenerationRequest): Suspicion | undefined {
    return this.ledger.isEmpty ? undefined : this.ledger.of(digestOf(request), this.now())
  }

  /** Why a request may not be run, where it has ended too many runners. */
  refusal(request: GenerationRequest): GenerationUpdate | undefined {
    return this.ledger.isEmpty ? undefined : this.refusalOf(digestOf(request))
  }

  /** Streams `run()`: at once for a request that nobody suspects, in its turn or not at all for a suspect. */
  admit(
    request: GenerationRequest,
    signal: AbortSignal,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncIterable<GenerationUpdate> {
    if (this.ledger.isEmpty) return this.reported(run)
    const digest = digestOf(request)
    return this.ledger.causes(digest, this.now()).length > 0
      ? this.alone(digest, signal, () => this.reported(run))
      : this.reported(run)
  }

  /** Nobody hears of a failure before the other members know what it says of the request: it may be tried again there. */
  private async *reported(run: () => AsyncIterable<GenerationUpdate>): AsyncGenerator<GenerationUpdate> {
    for await (const update of run()) {
      if (update.type === 'failed') await this.told
      yield update
    }
  }

  private async *alone(
    digest: string,
    signal: AbortSignal,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    // In this order on every machine: whoever has the cluster's turn waits for nobody.
    const leaveHere = await this.turns.take('', signal)
    const leave = leaveHere && (await (this.options.turn?.(digest, signal) ?? (() => undefined)))
    try {
      if (!leave) {
        yield CANCELLED
        return
      }
      const refusal = this.refusalOf(digest)
      if (refusal) {
        yield refusal
        return
      }
      for await (const update of run()) {
        if (clears(update)) this.tell(this.ledger.clear(digest, this.now()))
        yield update
      }
    } finally {
      leave?.()
      leaveHere?.()
    }
  }

  private refusalOf(digest: string): GenerationUpdate | undefined {
    const causes = this.ledger.causes(digest, this.now())
    return isBlamed(causes) ? refusal(causes) : undefined
  }

  private tell(suspicions: readonly Suspicion[]): void {
    if (suspicions.length === 0) return
    this.told = Promise.all([this.told, this.options.tell?.(suspicions)]).then(() => undefined)
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

/** Failures that say nothing of the request: it did not run, or its runner died. */
const UNTOLD: ReadonlySet<GenerationErrorCode> = new Set<GenerationErrorCode>([
  'runner_failed',
  'model_unavailable',
  'overloaded',
  'too_many_requests',
])

/** The runner has survived it: it was answered, or refused. */
const clears = (update: GenerationUpdate): boolean =>
  (update.type === 'finished' && update.reason !== 'cancelled') ||
  (update.type === 'failed' && !UNTOLD.has(update.code))
