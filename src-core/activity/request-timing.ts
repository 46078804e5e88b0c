import type { GenerationUpdate } from '../generation/stream'
import type { RequestRecord } from '../protocols/activity'

export interface RequestHead {
  readonly id: string
  readonly kind: RequestRecord['kind']
  readonly model: string
  readonly key: string | undefined
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

type Finished = Extract<GenerationUpdate, { type: 'finished' }>
type Failed = Extract<GenerationUpdate, { type: 'failed' }>

/** Maximum length of an error: a refusal may quote much of the request. */
const MAX_ERROR_LENGTH = 300

const outcomeOf = (end: Finished | Failed | undefined): Pick<RequestRecord, 'outcome' | 'code' | 'error'> => {
  // The stream was abandoned before its end.
  if (!end) return { outcome: 'cancelled' }
  if (end.type === 'failed') return { outcome: 'failed', code: end.code, error: end.message.slice(0, MAX_ERROR_LENGTH) }
  switch (end.reason) {
    case 'stop':
    case 'toolCalls':
      return { outcome: 'done' }
    case 'length':
      return { outcome: 'cut' }
    case 'cancelled':
      return { outcome: 'cancelled' }
  }
}

/** Measures the phases of one request from its updates. Times are milliseconds of a monotonic clock. */
export class RequestTiming {
  private begunAt: number | undefined
  private firstAt: number | undefined
  private lastAt: number | undefined
  private end: Finished | Failed | undefined

  constructor(
    private readonly head: RequestHead,
    private readonly takenAt: number,
  ) {}

  take(update: GenerationUpdate, now: number): void {
    switch (update.type) {
      case 'progress':
        if (update.ahead === undefined) this.begunAt ??= now
        return
      case 'delta':
      case 'embeddings':
        this.begunAt ??= now
        this.firstAt ??= now
        this.lastAt = now
        return
      case 'finished':
      case 'failed':
        this.end = update
        return
    }
  }

  /** Returns the record of the request, once it has ended or was abandoned. */
  record(now: number): RequestRecord {
    const { key, ...head } = this.head
    const { begunAt, firstAt, lastAt, takenAt, end } = this
    return {
      ...head,
      ...(key !== undefined && { key }),
      waitedMs: Math.round((begunAt ?? now) - takenAt),
      ...(begunAt !== undefined && { promptMs: Math.round((firstAt ?? now) - begunAt) }),
      ...(firstAt !== undefined && lastAt !== undefined && { writingMs: Math.round(lastAt - firstAt) }),
      totalMs: Math.round(now - takenAt),
      ...(end?.type === 'finished' && {
        promptTokens: end.usage.promptTokens,
        cachedTokens: end.usage.cachedTokens,
        completionTokens: end.usage.completionTokens,
      }),
      ...outcomeOf(end),
    }
  }
}
