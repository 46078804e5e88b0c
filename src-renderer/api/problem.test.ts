import { describe, expect, it } from 'vitest'
import { english, loadTranslator } from '@core/texts/translator'
import { speak } from '../state/texts.svelte'
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

  it('gives the code and the details too, for those who help', () => {
    const error = new ApiError('invalid_request', 'sharding: Invalid', { details: [{ path: ['sharding'] }] })
    expect(problemDetails('Can’t launch it.', error)).toBe(
      'Can’t launch it.\nsharding: Invalid.\nCode: invalid_request\n[{"path":["sharding"]}]',
    )
  })

  it('of the node is shown in the user’s language, with the node’s own text beside it', async () => {
    speak(await loadTranslator('de'))
    const error = new ApiError('disk_full', 'The disk is full', { hint: 'Free some space', isOfNode: true })
    const ofTomorrow = new ApiError('of_tomorrow', 'Odd', { isOfNode: true })
    const own = new ApiError('unreachable', 'Nicht erreichbar')
    try {
      expect(problemText('Nicht geändert', error)).toMatchObject({
        why: expect.stringMatching(/^Der Datenträger/),
        original: 'The disk is full. Free some space.',
      })
      expect([ofTomorrow, own].map((one) => problemText('', one).why)).toEqual(['Odd.', 'Nicht erreichbar.'])
    } finally {
      speak(english)
    }
  })

  it('can be made of anything that was thrown', () => {
    expect(problemText('No answer.', 'odd')).toEqual({ what: 'No answer.', why: 'odd.', todo: undefined })
  })
})
