import { describe, expect, it } from 'vitest'
import type { Envelope, Event } from '@core/events/event'
import { ModelId, NodeId } from '@core/ids'
import { next } from '@core/events/next'
import { coded } from '@core/texts/coded'
import { smallCard, World } from '@core/testing/world'
import { cardFinder } from './card-finder'
import { HubError } from './hub/hub-error'
import { LastHolders } from './last-holders'

const modelId = ModelId.parse('m/small')

/** A node's state, which changes by events or is replaced as a whole. */
class Source {
  readonly world = new World()
  private listeners: { event: (envelope: Envelope) => void; reset: () => void }[] = []

  state = () => this.world.state

  subscribe(event: (envelope: Envelope) => void, reset: () => void = () => undefined): () => void {
    this.listeners.push({ event, reset })
    return () => void (this.listeners = [])
  }

  take(event: Event): void {
    const envelope = next(this.world.state, event, this.world.now)
    this.world.apply(event)
    for (const listener of this.listeners) listener.event(envelope)
  }

  reset(): void {
    for (const { reset } of this.listeners) reset()
  }

  has(name: string, status: 'Complete' | 'Ongoing' = 'Complete'): void {
    const nodeId = NodeId.parse(name)
    const download = { status, downloadedBytes: 1, totalBytes: 1 } as const
    this.take({ type: 'NodeDownloadProgress', nodeId, modelId, download })
  }

  leave(name: string): void {
    this.take({ type: 'NodeLeaving', nodeId: NodeId.parse(name), reason: 'sleep' })
  }
}

const start = (...names: string[]): Source => {
  const source = new Source()
  for (const name of names) source.world.addNode(name)
  return source
}

describe('machines that had a model', () => {
  it('are named while they are offline', () => {
    const source = start('Mac Studio', 'Mac mini')
    const holders = new LastHolders({ source })
    source.has('Mac Studio')
    source.has('Mac mini', 'Ongoing')
    expect(holders.awayInEnglish(modelId)).toBeUndefined()
    source.leave('Mac Studio')
    source.leave('Mac mini')
    expect(holders.awayInEnglish(modelId)).toBe('Mac Studio, which has this model, is away')
    expect(holders.away(ModelId.parse('m/other'))).toBeUndefined()
    source.world.addNode('Mac Studio')
    expect(holders.awayInEnglish(modelId)).toBeUndefined()
  })

  it('are all named, including those from before and those from a replaced state', () => {
    const source = start('Mac Studio', 'Mac mini', 'MacBook Pro')
    source.has('Mac Studio')
    const holders = new LastHolders({ source })
    source.has('Mac mini')
    source.world.apply({
      type: 'NodeDownloadProgress',
      nodeId: NodeId.parse('MacBook Pro'),
      modelId,
      download: { status: 'Complete', downloadedBytes: 1, totalBytes: 1 },
    })
    source.reset()
    for (const name of ['Mac Studio', 'Mac mini', 'MacBook Pro']) source.leave(name)
    expect(holders.awayInEnglish(modelId)).toBe(
      'Mac Studio, Mac mini, and MacBook Pro, which have this model, are away',
    )
  })

  it('are not named if they deleted it before they left, or are no longer members', () => {
    const source = start('Mac Studio', 'Mac mini')
    const holders = new LastHolders({ source })
    source.has('Mac Studio')
    source.has('Mac mini')
    source.take({ type: 'NodeDownloadProgress', nodeId: NodeId.parse('Mac Studio'), modelId })
    source.leave('Mac Studio')
    source.take({ type: 'MemberRemoved', nodeId: NodeId.parse('Mac mini') })
    expect(holders.awayInEnglish(modelId)).toBeUndefined()
  })
})

describe('the reason for a missing card', () => {
  const reasonWhere = async (away: string | undefined): Promise<string> => {
    const hint = 'start Muster without that'
    const find = cardFinder({
      own: {
        card: async () => ({ status: 'failed', reason: 'it is not on this machine' }),
        held: () => undefined,
        unreadable: () => [],
      },
      hub: {
        described: () =>
          Promise.reject(
            new HubError({ code: 'hub_offline', what: coded('downloads.hub.offline', { what: '--offline' }), hint }),
          ),
      },
      state: () => new World().state,
      nodeId: NodeId.parse('here'),
      lastHolders: () => [],
      away: () => away,
      ask: () => Promise.reject(new Error('nobody is there')),
    })
    const result = await find(modelId)
    return result.status === 'failed' ? result.reason : 'loaded'
  }

  it('starts with the offline machine that has the model, because it can be started', async () => {
    expect(await reasonWhere('Mac Studio, which has this model, is away')).toBe(
      'Mac Studio, which has this model, is away; This machine is told to ask no model hub (--offline)',
    )
    expect(await reasonWhere(undefined)).toBe(
      'it is on no machine that is connected; This machine is told to ask no model hub (--offline)',
    )
  })
})

it('a card comes from the machine that had the model when last seen, though a new leader’s state has no models yet', async () => {
  const source = start('Mac Studio')
  const holders = new LastHolders({ source })
  source.has('Mac Studio')
  source.leave('Mac Studio')
  expect(source.state().downloads).toEqual({})
  const asked: string[] = []
  const find = cardFinder({
    own: { card: async () => ({ status: 'failed', reason: 'not here' }), held: () => undefined, unreadable: () => [] },
    hub: { described: () => Promise.reject(new Error('nobody asks the hub')) },
    state: source.state,
    nodeId: NodeId.parse('here'),
    lastHolders: (id) => holders.of(id),
    away: () => undefined,
    ask: (nodeId) => {
      asked.push(nodeId)
      return Promise.resolve({ status: 'loaded', card: smallCard })
    },
  })
  expect(await find(modelId)).toMatchObject({ status: 'loaded' })
  expect(asked).toEqual(['Mac Studio'])
})
