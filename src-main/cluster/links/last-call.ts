import type { CallOutcome, LastCall } from '@core/protocols/doctor'
import { CallFailed } from './dial'
import { CLOSED, LinkClosed } from './link'

export const NO_ADDRESS: LastCall = { outcome: 'no_address', reason: 'No address of it is known' }

/**
 * Outcomes of calls to several addresses, the most informative first. `other_machine` is last: an address that the
 * user gave may belong to any member.
 */
const MOST_TELLING: readonly CallOutcome[] = [
  'same_identity',
  'protocol',
  'not_member',
  'tls',
  'refused',
  'timed_out',
  'unreachable',
  'lost',
  'other_machine',
]

/** Converts the error of a failed call to the outcome that is kept. */
export const lastCallOf = (error: unknown): LastCall => {
  if (error instanceof AggregateError) {
    const calls = error.errors.map(lastCallOf)
    const ranked = MOST_TELLING.flatMap((outcome) => calls.find((call) => call.outcome === outcome) ?? [])
    return ranked[0] ?? NO_ADDRESS
  }
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 500)
  if (error instanceof CallFailed) return { outcome: error.outcome, reason }
  return { outcome: error instanceof LinkClosed ? closedOutcome(error.code) : 'lost', reason }
}

const closedOutcome = (code: number): CallOutcome => {
  switch (code) {
    case CLOSED.notMember:
      return 'not_member'
    case CLOSED.sameIdentity:
      return 'same_identity'
    case CLOSED.protocol:
      return 'protocol'
    default:
      return 'lost'
  }
}
