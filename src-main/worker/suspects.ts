import { createHash } from 'node:crypto'
import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'

/**
 * Keeps a request that ends runners from ending one after the other.
 *
 * A runner that dies of what it computes (`diedOfItsWork`) makes every request it was answering a suspect, known by a
 * digest of its content: the task id differs from try to try. Of many suspects one is to blame, so:
 *
 * 1. Of a machine's suspects one runs at a time, in the order in which they came. What nobody suspects runs beside it.
 * 2. A request present at `MAX_DEATHS` deaths is refused by name: at the second one no other suspect was there.
 * 3. A suspect whose run comes to an end is cleared. Suspicion is over `SUSPICION_MS` after the last death.
 *
 * Kept by the machine of rank 0, whichever node took the request, and in memory only: where an instance moves, the
 * next machine begins anew. At most `MAX_SUSPECTS` digests are kept, the latest.
 */
export class Suspects {
  private readonly records = new Map<string, { deaths: number; readonly causes: string[]; until: number }>()
  /** Settled when the suspect that runs now is done. */
  private turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A runner died of its work while it was answering these; `cause` is for people. */
  suspect(requests: Iterable<GenerationRequest>, cause: string): void {
    this.forgetOld()
    const digests = new Set([...requests].map(digestOf))
    for (const digest of digests) {
      const { deaths = 0, causes = [] } = this.records.get(digest) ?? {}
      // Put last again: the map is in the order of the latest deaths.
      this.records.delete(digest)
      this.records.set(digest, {
        deaths: deaths + 1,
        causes: [...causes, cause],
        until: this.now() + SUSPICION_MS,
      })
    }
    for (const digest of [...this.records.keys()].slice(0, -MAX_SUSPECTS)) this.records.delete(digest)
  }

  /** Streams `run()`: at once for a request that nobody suspects, in its turn or not at all for a suspect. */
  admit(
    request: GenerationRequest,
    signal: AbortSignal,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncIterable<GenerationUpdate> {
    this.forgetOld()
    if (this.records.size === 0) return run()
    const digest = digestOf(request)
    return this.records.has(digest) ? this.alone(digest, signal, run) : run()
  }

  private async *alone(
    digest: string,
    signal: AbortSignal,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    const before = this.turn
    let leave = (): void => undefined
    const done = new Promise<void>((resolve) => {
      leave = resolve
    })
    this.turn = before.then(() => done)
    try {
      if (!(await reached(before, signal))) {
        yield CANCELLED
        return
      }
      const record = this.records.get(digest)
      if (record && record.deaths >= MAX_DEATHS) {
        yield refusal(record.causes)
        return
      }
      for await (const update of run()) {
        if (clears(update)) this.records.delete(digest)
        yield update
      }
    } finally {
      leave()
    }
  }

  private forgetOld(): void {
    for (const [digest, { until }] of this.records) if (until <= this.now()) this.records.delete(digest)
  }
}

/** Deaths that a request may be present at before it is refused. */
export const MAX_DEATHS = 2
export const SUSPICION_MS = 10 * 60_000
export const MAX_SUSPECTS = 1000

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

/** The runner has survived it: it was answered, or refused. */
const clears = (update: GenerationUpdate): boolean =>
  (update.type === 'finished' && update.reason !== 'cancelled') ||
  (update.type === 'failed' && update.code !== 'runner_failed' && update.code !== 'model_unavailable')

/** Of all that a request asks; not of the ids that it gets on its way. */
const digestOf = ({ taskId: _taskId, ...content }: GenerationRequest): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64')

/** False where the signal comes first. */
const reached = async (turn: Promise<unknown>, signal: AbortSignal): Promise<boolean> => {
  if (signal.aborted) return false
  let stop = (): void => undefined
  const aborted = new Promise<false>((resolve) => {
    stop = () => resolve(false)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([turn.then(() => true), aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
