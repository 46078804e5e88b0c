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

  it('returns to the conversation that the chat was left with, and to other pages as such', async () => {
    route.go('activity', { show: 'log' })
    await events()
    route.go('chat', { chat: '1' })
    await events()
    route.go('cluster')
    await events()
    route.return('activity')
    await events()
    expect(route.current).toEqual({ page: 'activity', query: {} })
    expect(route.leftAt('chat')).toEqual({ chat: '1' })
    route.return('chat')
    await events()
    expect(route.current).toEqual({ page: 'chat', query: { chat: '1' } })
    // A new conversation is what it goes on with, too.
    route.go('chat')
    await events()
    route.go('cluster')
    await events()
    route.return('chat')
    await events()
    expect(route.current).toEqual({ page: 'chat', query: {} })
  })
})
