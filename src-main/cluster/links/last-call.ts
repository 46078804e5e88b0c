import type { CallOutcome, LastCall } from '@core/protocols/doctor'
import { CallFailed } from './dial'
import { CLOSED, LinkClosed } from './link'

export const NO_ADDRESS: LastCall = { outcome: 'no_address', reason: 'No address of it is known' }

/**
 * Of calls to several addresses, the one that says most. At an address that somebody gave there may be any member:
 * that one is elsewhere says least.
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

/** Whatever a call was rejected with, as what is remembered of it. */
export const lastCallOf = (error: unknown): LastCall => {
  if (error instanceof AggregateError) {
    const calls = error.errors.map(lastCallOf)
    const told = MOST_TELLING.flatMap((outcome) => calls.find((call) => call.outcome === outcome) ?? [])
    return told[0] ?? NO_ADDRESS
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
