import { describe, expect, it } from 'vitest'
import { linkTo, parsePlace } from './pages'

describe('a link', () => {
  it('leads back to the page that it was made for', () => {
    expect(parsePlace(linkTo('chat', { model: 'owner/name & more' }))).toEqual({
      page: 'chat',
      query: { model: 'owner/name & more' },
    })
  })

  it('that is unknown leads to the first page', () => {
    expect(parsePlace('#/nowhere').page).toBe('cluster')
    expect(parsePlace('').page).toBe('cluster')
  })
})
