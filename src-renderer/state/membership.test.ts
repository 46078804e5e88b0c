import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClusterView } from '@core/protocols/cluster'
import { MetaInstanceId, NodeId } from '@core/ids'
import { FakeApi, FakeStream, json } from '../testing/fake-api'
import { EventFeed } from '../feed/event-feed'
import { Membership } from './membership.svelte'

const self = NodeId.parse('Studio')
const asker = { requestId: 'r1', nodeId: NodeId.parse('Mini'), friendlyName: 'Mini', digits: '012345' }

const view = (more: Partial<ClusterView> = {}): ClusterView => ({
  nodeId: self,
  clusterId: 'one',
  name: 'Muster',
  role: 'master',
  members: [{ nodeId: self, friendlyName: 'Studio', linked: true, duplicated: false }],
  nearby: [],
  asking: [],
  ...more,
})

const settled = () => vi.advanceTimersByTimeAsync(0)

describe('the membership view', () => {
  let membership: Membership
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    membership.close()
    vi.useRealTimers()
  })

  it('follows the node’s stream, and is requested again when the node comes back', async () => {
    const [first, second] = [new FakeStream(), new FakeStream()]
    const api = new FakeApi().next(first.response)
    membership = new Membership(api, new EventFeed(api))
    first.send(view(), { event: 'cluster' })
    await settled()
    expect(membership.view?.members).toHaveLength(1)
    first.fail()
    await settled()
    // Known values stay while nobody answers.
    expect(membership.view?.members).toHaveLength(1)
    api.next(second.response)
    await vi.advanceTimersByTimeAsync(250)
    second.send(view({ name: 'Home' }), { event: 'cluster' })
    await settled()
    expect(membership.view?.name).toBe('Home')
    expect(api.asked.map(({ path }) => path)).toEqual(['/events?cluster=true', '/events?cluster=true'])
  })

  it('shows what happens to a declaration without each machine that it needs', async () => {
    const chat = MetaInstanceId.parse('chat')
    const outcome = { metaInstanceId: chat, name: 'chat', fate: 'moves', nodeIds: ['Mini'] } as const
    const other = { metaInstanceId: 'other', name: 'other', fate: 'stops' }
    const machines = [
      { nodeId: 'Studio', friendlyName: 'Studio', declarations: [other, outcome] },
      { nodeId: 'Mini', friendlyName: 'Mini', declarations: [other] },
    ]
    const api = new FakeApi().next(new FakeStream().response)
    membership = new Membership(api, new EventFeed(api))
    await settled()
    api.next(() => json({ machines }))
    expect(await membership.withoutEach(chat)).toEqual([{ nodeId: 'Studio', outcome }])
    expect(api.asked.at(-1)?.path).toBe('/cluster/what-if')
  })

  it('shows join requests until the user postpones them, and again when they are reopened', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    membership = new Membership(api, new EventFeed(api))
    stream.send(view({ asking: [asker] }), { event: 'cluster' })
    await settled()
    expect(membership.urgent).toEqual(asker)
    membership.later('r1')
    expect(membership.urgent).toBeUndefined()
    expect(membership.asking).toEqual([asker])
    membership.recall('r1')
    expect(membership.urgent).toEqual(asker)
  })

  it('shows the result of a change before the stream delivers it', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    membership = new Membership(api, new EventFeed(api))
    stream.send(view({ asking: [asker] }), { event: 'cluster' })
    await settled()
    api.next(() => json(view()))
    await membership.decide('r1', true)
    expect(api.asked.at(-1)).toEqual({ path: '/cluster/requests/r1', method: 'POST', json: { allow: true } })
    expect(membership.urgent).toBeUndefined()
    api.next(() => json(view({ joining: { state: 'asking' } }), 202))
    await membership.join({ address: '10.0.0.2' })
    expect(membership.view?.joining).toEqual({ state: 'asking' })
    api.next(() => json(view()))
    await membership.forgetJoining()
    expect(membership.view?.joining).toBeUndefined()
  })

  it('renames machines and the cluster, and shows it before the stream delivers it', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    membership = new Membership(api, new EventFeed(api))
    stream.send(view(), { event: 'cluster' })
    await settled()
    const renamed = { nodeId: self, friendlyName: 'Hall', linked: true, duplicated: false }
    api.next(() => json(view({ members: [renamed] })))
    await membership.rename(self, 'Hall')
    expect(api.asked.at(-1)).toEqual({
      path: `/cluster/members/${self}`,
      method: 'PATCH',
      json: { friendlyName: 'Hall' },
    })
    expect(membership.view?.members).toEqual([renamed])
    api.next(() => json(view({ name: 'The team' })))
    await membership.renameCluster('The team')
    expect(api.asked.at(-1)).toEqual({ path: '/cluster', method: 'PATCH', json: { name: 'The team' } })
    expect(membership.view?.name).toBe('The team')
  })

  it('does not show an answer over newer messages of the stream', async () => {
    const stream = new FakeStream()
    const api = new FakeApi().next(stream.response)
    membership = new Membership(api, new EventFeed(api))
    stream.send(view(), { event: 'cluster' })
    await settled()
    const failed = { state: 'failed', code: 'unreachable', reason: 'nobody answers', hint: 'look there' } as const
    let late: (response: Response) => void = () => undefined
    const answer = new Promise<Response>((resolve) => (late = resolve))
    vi.spyOn(api, 'request').mockImplementationOnce(() => answer)
    const joined = membership.join({ address: '10.0.0.2' })
    stream.send(view({ joining: failed }), { event: 'cluster' })
    await settled()
    late(json(view({ joining: { state: 'asking' } }), 202))
    await joined
    expect(membership.joining).toEqual(failed)
  })

  it('measures a connection in both directions', async () => {
    const api = new FakeApi(({ path }) => (path === '/cluster/measure' ? json({}) : undefined))
    membership = new Membership(api, new EventFeed(api))
    await membership.measure(self, asker.nodeId)
    expect(api.asked.filter(({ path }) => path === '/cluster/measure').map((asked) => asked.json)).toEqual([
      { from: self, to: asker.nodeId },
      { from: asker.nodeId, to: self },
    ])
  })
})
