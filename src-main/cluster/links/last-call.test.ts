import { describe, expect, it } from 'vitest'
import { CallFailed } from './dial'
import { lastCallOf } from './last-call'
import { CLOSED, LinkClosed } from './link'

const failed = (outcome: CallFailed['outcome']) => new CallFailed(outcome, new Error(`it was ${outcome}`))

describe('what is remembered of a call', () => {
  it('is the most informative outcome, and "other machine" only if there is no other', () => {
    const call = (...outcomes: CallFailed['outcome'][]) => lastCallOf(new AggregateError(outcomes.map(failed))).outcome
    expect(call('other_machine', 'timed_out', 'refused')).toBe('refused')
    expect(call('timed_out', 'not_member', 'refused')).toBe('not_member')
    expect(call('other_machine')).toBe('other_machine')
    expect(lastCallOf(new AggregateError([failed('other_machine'), failed('timed_out')])).reason).toBe(
      'it was timed_out',
    )
  })

  it.each([
    [CLOSED.protocol, 'protocol'],
    [CLOSED.notMember, 'not_member'],
    [CLOSED.sameIdentity, 'same_identity'],
    [1006, 'lost'],
  ])('is, of a link that was closed with %d before a word was said, %s', (code, outcome) => {
    expect(lastCallOf(new LinkClosed(code, 'closed'))).toEqual({ outcome, reason: 'closed' })
  })
})
