import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readyWorld } from '@core/testing/world'
import { FakeApi, FakeStream, json } from '../testing/fake-api'
import { EventFeed } from '../feed/event-feed'
import { Cluster } from './cluster.svelte'

/** Received messages are shown with the next frame. */
const settled = () => vi.advanceTimersByTimeAsync(20)

describe('the shown cluster state', () => {
  let cluster: Cluster | undefined
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => {
    cluster?.close()
    vi.useRealTimers()
  })

  const { world, id } = readyWorld()
  const snapshot = { kind: 'snapshot', state: world.state }
  const at = { v: 1, index: world.state.lastEventIndex + 1, term: 1, at: world.now }
  const paused = { ...at, event: { type: 'MetaInstanceUpdated', metaInstanceId: id, changes: { paused: true } } }

  it('is the snapshot with later events folded in', async () => {
    const stream = new FakeStream()
    cluster = new Cluster({ feed: new EventFeed(new FakeApi().next(stream.response)) })
    expect(cluster.connection).toBe('starting')
    stream.send(snapshot)
    stream.send({ kind: 'event', envelope: paused })
    await settled()
    expect(cluster.connection).toBe('connected')
    expect(cluster.state.metaInstances[id]).toMatchObject({ paused: true, generation: 1 })
  })

  it('says when the node is gone, and resumes after the last event when it is back', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()]
    const api = new FakeApi().next(first.response)
    cluster = new Cluster({ feed: new EventFeed(api) })
    first.send(snapshot, { id: `1:${world.state.lastEventIndex}` })
    await settled()
    first.fail()
    await settled()
    expect(cluster.connection).toBe('unreachable')
    expect(Object.keys(cluster.state.metaInstances)).toEqual([id])

    api.next(second.response)
    await vi.advanceTimersByTimeAsync(250)
    second.send({ kind: 'event', envelope: paused })
    await settled()
    expect(api.asked.map(({ path }) => path)).toEqual([
      '/events?cluster=true',
      `/events?cluster=true&after=${world.state.lastEventIndex}&term=1`,
    ])
    expect(cluster.connection).toBe('connected')
    expect(cluster.state.metaInstances[id]?.paused).toBe(true)
  })

  it('retries an unreachable node ever less often, at least every 5 s', async () => {
    const api = new FakeApi()
    cluster = new Cluster({ feed: new EventFeed(api) })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(api.asked.length).toBeGreaterThan(12)
    expect(api.asked.length).toBeLessThan(20)
  })

  it('calls a node without an answer starting, and after some seconds unreachable', async () => {
    cluster = new Cluster({ feed: new EventFeed(new FakeApi()) })
    await vi.advanceTimersByTimeAsync(1000)
    expect(cluster.connection).toBe('starting')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(cluster.connection).toBe('unreachable')
  })

  it('starts with a new snapshot after an event that it cannot parse', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    cluster = new Cluster({ feed: new EventFeed(api) })
    stream.send(snapshot)
    stream.send({ kind: 'event', envelope: { ...at, v: 2, event: { type: 'FromTheFuture' } } })
    await settled()
    expect(stream.cancelled).toBe(true)
    await vi.advanceTimersByTimeAsync(250)
    expect(api.asked.at(-1)?.path).toBe('/events?cluster=true')
  })

  it('notices that the user is signed out', async () => {
    const api = new FakeApi(() => json({ error: { code: 'invalid_api_key', message: 'needs a key' } }, 401))
    cluster = new Cluster({ feed: new EventFeed(api) })
    await settled()
    expect(cluster.connection).toBe('signedOut')
  })

  it('treats a silent connection as dead', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    cluster = new Cluster({ feed: new EventFeed(api) })
    stream.send(snapshot)
    await vi.advanceTimersByTimeAsync(40_000)
    expect(cluster.connection).toBe('unreachable')
    expect(stream.cancelled).toBe(true)
  })

  it('reads a large snapshot in several tasks, then what followed it, in order', async () => {
    const crowd = readyWorld()
    for (let at = 0; at < 300; at += 1) crowd.world.addNode(`Mac ${at}`)
    const { state } = crowd.world
    const stream = new FakeStream()
    cluster = new Cluster({ feed: new EventFeed(new FakeApi().next(stream.response)) })
    let spent = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (spent += 5))
    stream.send({ kind: 'snapshot', state })
    stream.send({ kind: 'event', envelope: { ...paused, index: state.lastEventIndex + 1, at: crowd.world.now } })
    await vi.advanceTimersByTimeAsync(17)
    expect([cluster.connection, cluster.known]).toEqual(['starting', false])
    await settled()
    clock.mockRestore()
    expect(cluster.connection).toBe('connected')
    expect(Object.keys(cluster.state.nodes)).toHaveLength(301)
    expect(cluster.state.metaInstances[crowd.id]?.paused).toBe(true)
  })

  it('takes a new one in the place of a large snapshot that it cannot parse', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    cluster = new Cluster({ feed: new EventFeed(api) })
    stream.send({ kind: 'snapshot', state: { ...world.state, term: 'x'.repeat(60_000) } })
    stream.send({ kind: 'event', envelope: paused })
    await settled()
    expect(stream.cancelled).toBe(true)
    expect(cluster.known).toBe(false)
  })

  it('reports each snapshot, and sends nothing once it is closed', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    const onSnapshot = vi.fn()
    cluster = new Cluster({ feed: new EventFeed(api), onSnapshot })
    stream.send(snapshot)
    stream.send({ kind: 'event', envelope: paused })
    stream.send(snapshot)
    await settled()
    expect(onSnapshot).toHaveBeenCalledTimes(2)
    cluster.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stream.cancelled).toBe(true)
    expect(api.asked).toHaveLength(1)
  })
})
