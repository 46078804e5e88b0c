import { describe, expect, it } from 'vitest'
import { clauses, coded, type CodedText } from './coded'
import { inEnglish } from './english'
import { remedyOf } from './remedies'

const told = (...causes: (string | CodedText)[]) => remedyOf(coded('failures.several', { causes: clauses(...causes) }))

describe('what to do about a failure', () => {
  it('is that of the first cause that has one', () => {
    const stopped = coded('failures.on', {
      name: 'mini',
      cause: clauses(coded('failures.stopped', { name: 'studio' })),
    })
    const memory = coded('failures.on', { name: 'studio', cause: clauses(coded('failures.outOfMemory')) })
    const remedy = told(stopped, memory)
    expect(remedy && inEnglish(remedy)).toMatch(/^Give it more machines/)
  })

  it('uses the failure’s values: the page of a license', () => {
    const page = 'https://hub.example/who/gated'
    const remedy = told(coded('downloads.hub.gated', { model: 'who/gated', page }))
    expect(remedy && inEnglish(remedy)).toContain(`Accept the license at ${page}`)
  })

  it('is undefined for a runner’s own message, or another version’s', () => {
    expect(told('as it says itself')).toBeUndefined()
    expect(remedyOf({ code: 'failures.ofTomorrow' })).toBeUndefined()
  })
})
