import type { ClientRequest } from '@core/generation/request'
import { targetOf } from '@core/generation/route'
import type { GenerationUpdate, Usage } from '@core/generation/stream'
import type { State } from '@core/state/state'
import { DRAFT_RESULTS, TIERS, type Counted, type Outcome } from './instruments'

/** Label of unknown model names. They share it, because clients could otherwise create any number of series. */
const UNKNOWN = 'unknown'

/** The model id that a requested name resolves to. */
const modelOf = (state: State, name: string): string => {
  const { instances, metaInstances } = targetOf(state, name)
  return metaInstances[0]?.modelId ?? instances[0]?.modelId ?? UNKNOWN
}

type Failed = Extract<GenerationUpdate, { type: 'failed' }>

/** `refused` for errors that the client can avoid by changing the request or retrying later; else `failed`. */
const outcomeOf = ({ code }: Failed): Outcome => {
  switch (code) {
    case 'runner_failed':
    case 'model_unavailable':
    case 'ended_runners':
      return 'failed'
    case 'context_length_exceeded':
    case 'invalid_request':
    case 'unsupported':
    case 'model_not_found':
    case 'overloaded':
    case 'too_many_requests':
      return 'refused'
  }
}

export interface Measuring {
  readonly state: () => State
  readonly counted: Counted
  /** Called with a model before its first measurement. */
  readonly begin: (model: string) => void
}

/** Counts where cached tokens were found, and what became of draft tokens. */
const countDetails = (counted: Counted, model: string, usage: Usage): void => {
  const { cachedTokens, diskTokens: disk = 0, peerTokens: peer = 0 } = usage
  const { draftTokens: drafted = 0, acceptedDraftTokens: accepted = 0 } = usage
  // A runner that reports more than it can have must not end the request: a counter accepts no negative number.
  const found = { memory: Math.max(0, cachedTokens - disk - peer), disk, peer }
  for (const tier of TIERS) counted.cachedTokens.inc({ model, tier }, found[tier])
  const results = { accepted, rejected: Math.max(0, drafted - accepted) }
  for (const result of DRAFT_RESULTS) counted.draftTokens.inc({ model, result }, results[result])
}

/** Measures one stream of updates as it passes. */
export async function* measured<Request extends Pick<ClientRequest, 'model' | 'countOnly'>>(
  request: Request,
  updates: AsyncIterable<GenerationUpdate>,
  { state, counted, begin }: Measuring,
): AsyncGenerator<GenerationUpdate> {
  if (request.countOnly === true) {
    yield* updates
    return
  }
  const began = performance.now()
  const seconds = (): number => (performance.now() - began) / 1000
  let first: number | undefined
  let outcome: Outcome = 'cancelled'
  let model: string | undefined
  // Resolved late: a model loaded on request is known only once it is loaded.
  const named = (): string => {
    if (model !== undefined) return model
    model = modelOf(state(), request.model)
    begin(model)
    return model
  }
  try {
    for await (const update of updates) {
      if (update.type === 'delta' && first === undefined) {
        first = seconds()
        counted.firstToken.observe({ model: named() }, first)
      }
      if (update.type === 'failed') outcome = outcomeOf(update)
      if (update.type === 'finished') {
        if (update.reason !== 'cancelled') outcome = 'finished'
        const { promptTokens, cachedTokens, completionTokens } = update.usage
        countDetails(counted, named(), update.usage)
        counted.promptTokens.inc({ model: named(), source: 'computed' }, promptTokens - cachedTokens)
        counted.promptTokens.inc({ model: named(), source: 'cached' }, cachedTokens)
        counted.completionTokens.inc({ model: named() }, completionTokens)
        if (first !== undefined && completionTokens > 1)
          counted.perToken.observe({ model: named() }, (seconds() - first) / (completionTokens - 1))
      }
      yield update
    }
  } finally {
    counted.requests.inc({ model: named(), outcome })
    counted.requestSeconds.observe({ model: named() }, seconds())
  }
}
