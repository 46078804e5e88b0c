import { describe, expect, it } from 'vitest'
import { ApiError, problemDetails, problemText } from './problem'

describe('a problem', () => {
  it('says what happened, why, and what to do, each as a sentence', () => {
    const error = new ApiError('conflict', 'The name "chat" is taken', { hint: 'Choose another one.' })
    expect(problemText('Can’t launch it', error)).toEqual({
      what: 'Can’t launch it.',
      why: 'The name "chat" is taken.',
      todo: 'Choose another one.',
    })
  })

  it('gives whoever helps the code and the details as well', () => {
    const error = new ApiError('invalid_request', 'sharding: Invalid', { details: [{ path: ['sharding'] }] })
    expect(problemDetails('Can’t launch it.', error)).toBe(
      'Can’t launch it.\nsharding: Invalid.\nCode: invalid_request\n[{"path":["sharding"]}]',
    )
  })

  it('takes anything that was thrown', () => {
    expect(problemText('No answer.', 'odd')).toEqual({ what: 'No answer.', why: 'odd.', todo: undefined })
  })
})
