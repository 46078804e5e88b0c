import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeApi, FakeStream } from '../testing/fake-api'
import { EventFeed } from './event-feed'
import type { FeedMessage } from './feed'

const settled = () => vi.advanceTimersByTimeAsync(0)

describe('the feed', () => {
  let feed: EventFeed
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    feed.close()
    vi.useRealTimers()
  })

  const listening = (): FeedMessage[] => {
    const heard: FeedMessage[] = []
    feed.listen((message) => heard.push(message))
    return heard
  }

  it('has one stream for all first listeners', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    feed = new EventFeed(api)
    const [one, other] = [listening(), listening()]
    stream.send('a', { id: '1:7' })
    stream.send('b', { event: 'cluster' })
    await settled()
    expect(one).toEqual([
      { kind: 'state', data: 'a' },
      { kind: 'cluster', data: 'b' },
    ])
    expect(other).toEqual(one)
    expect(api.asked).toHaveLength(1)
  })

  it('restarts with a snapshot when a listener joins later, without reporting a loss', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()]
    const api = new FakeApi().next(first.response, second.response)
    feed = new EventFeed(api)
    const one = listening()
    first.send('snapshot', { id: '1:7' })
    await settled()
    const late = listening()
    await settled()
    second.send('snapshot', { id: '1:9' })
    await settled()
    expect(first.cancelled).toBe(true)
    expect(api.asked.map(({ path }) => path)).toEqual(['/events?cluster=true', '/events?cluster=true'])
    expect(late).toEqual([{ kind: 'state', data: 'snapshot' }])
    expect(one).toEqual([...late, ...late])
  })

  it('reports an unreachable node to a listener that joins then', async () => {
    feed = new EventFeed(new FakeApi())
    listening()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(listening()).toEqual([{ kind: 'reach', reach: 'unreachable' }])
  })

  it('asks for a snapshot after a loss if a listener has joined meanwhile', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()]
    const api = new FakeApi().next(first.response)
    feed = new EventFeed(api)
    listening()
    first.send('snapshot', { id: '1:7' })
    await settled()
    first.end()
    await settled()
    const late = listening()
    api.next(second.response)
    await vi.advanceTimersByTimeAsync(10_000)
    second.send('snapshot', { id: '1:9' })
    await settled()
    expect(api.asked.at(-1)?.path).toBe('/events?cluster=true')
    expect(late.at(-1)).toEqual({ kind: 'state', data: 'snapshot' })
  })

  it('sends nothing more to a listener that has left', async () => {
    const stream = new FakeStream()
    feed = new EventFeed(new FakeApi().next(stream.response))
    const heard: FeedMessage[] = []
    const leave = feed.listen((message) => heard.push(message))
    leave()
    stream.send('a')
    await settled()
    expect(heard).toEqual([])
  })
})
