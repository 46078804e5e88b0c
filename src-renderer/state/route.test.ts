import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Route } from './route.svelte'

const events = () => new Promise((done) => setTimeout(done))

describe('the place of the window', () => {
  const followed = vi.fn()
  let route: Route
  beforeEach(async () => {
    window.location.hash = '#/models'
    await events()
    followed.mockClear()
    route = new Route(followed)
  })
  afterEach(() => route.close())

  it('is where a page was asked for', async () => {
    route.go('chat', { chat: '1' })
    await events()
    expect(route.current).toEqual({ page: 'chat', query: { chat: '1' } })
    expect(followed).not.toHaveBeenCalled()
  })

  it('is told when a link or the history leads elsewhere', async () => {
    window.location.hash = '#/connect'
    await events()
    expect(route.current.page).toBe('connect')
    expect(followed).toHaveBeenCalledOnce()
  })
})
