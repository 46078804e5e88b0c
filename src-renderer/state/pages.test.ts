import { describe, expect, it } from 'vitest'
import { linkTo, parsePlace } from './pages'

describe('a link', () => {
  it('leads back to where it was made for', () => {
    expect(parsePlace(linkTo('chat', { model: 'owner/name & more' }))).toEqual({
      page: 'chat',
      query: { model: 'owner/name & more' },
    })
  })

  it('that is not known leads to the first page', () => {
    expect(parsePlace('#/nowhere').page).toBe('cluster')
    expect(parsePlace('').page).toBe('cluster')
  })
})
