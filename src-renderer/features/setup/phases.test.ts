import { describe, expect, it } from 'vitest'
import { MetaInstanceStatusWord } from '@core/state/status'
import { phasesOf } from './phases'

describe('the phases of a first model', () => {
  it.each(MetaInstanceStatusWord.options)('are done, current and ahead, in this order, at %s', (word) => {
    const order = { done: 0, now: 1, ahead: 2 }
    const marks = phasesOf(word).map(({ mark }) => order[mark])
    expect(marks).toEqual([...marks].sort())
    expect(marks.filter((mark) => mark === order.now).length).toBeLessThanOrEqual(1)
  })

  it('are all done when the model is ready', () => {
    expect(phasesOf('READY').every(({ mark }) => mark === 'done')).toBe(true)
    expect(phasesOf('DOWNLOADING').find(({ mark }) => mark === 'now')?.title).toBe('Download')
  })
})
