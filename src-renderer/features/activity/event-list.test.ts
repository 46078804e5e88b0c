import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Envelope, Event } from '@core/events/event'
import { MetaInstanceId, NodeId } from '@core/ids'
import type { FoldListener } from '../../state/cluster.svelte'
import { FakeApi, json } from '../../testing/fake-api'
import { EventList } from './event-list.svelte'

const paused: Event = { type: 'MetaInstanceRecovered', metaInstanceId: MetaInstanceId.parse('chat') }
const left: Event = { type: 'NodeTimedOut', nodeId: NodeId.parse('studio') }
const at = (index: number, event: Event = left, term = 1): Envelope => ({ v: 1, term, index, at: index, event })
const indexes = ({ all }: EventList): number[] => all.map(({ index }) => index)

/** What the window hears from the feed. */
class Heard {
  private readonly listeners = new Set<FoldListener>()
  subscribe(listener: FoldListener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
  tell(...envelopes: Envelope[]): void {
    for (const envelope of envelopes) for (const { event } of this.listeners) event(envelope)
  }
  replace(): void {
    for (const { snapshot } of this.listeners) snapshot()
  }
}

describe('the list of events in a window', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())
  const settled = () => vi.advanceTimersByTimeAsync(1000)

  it('continues what the node remembers with what the window hears, each once, and asks no more', async () => {
    const heard = new Heard()
    const api = new FakeApi().next(() => json({ events: [at(3, paused), at(7), at(8)] }))
    const list = new EventList(api, heard)
    heard.tell(at(8), at(9))
    await settled()
    expect(indexes(list)).toEqual([3, 7, 8, 9])
    heard.tell(at(10))
    await settled()
    expect(indexes(list)).toEqual([3, 7, 8, 9, 10])
    expect(api.asked.map(({ path }) => path)).toEqual(['/events/recent?last=2000&decisions=2000'])
    list.close()
    heard.tell(at(11))
    await settled()
    expect(indexes(list)).toEqual([3, 7, 8, 9, 10])
  })

  it('is read again after a change of master, and keeps what it heard since', async () => {
    const heard = new Heard()
    const api = new FakeApi().next(
      () => json({ events: [at(3, paused), at(8)] }),
      () => json({ events: [at(3, paused)] }),
    )
    const list = new EventList(api, heard)
    await settled()
    heard.replace()
    heard.tell(at(4, paused, 2))
    await settled()
    expect(list.all.map(({ term, index }) => `${term}:${index}`)).toEqual(['1:3', '1:8', '2:4'])
    list.close()
  })

  it('loses old reports before decisions', async () => {
    const heard = new Heard()
    const list = new EventList(
      new FakeApi().next(() => json({ events: [at(1, paused), at(2)] })),
      heard,
    )
    await settled()
    heard.tell(...Array.from({ length: 4000 }, (_, index) => at(3 + index)))
    await settled()
    expect(indexes(list).slice(0, 2)).toEqual([1, 2003])
    expect(list.all).toHaveLength(2001)
    list.close()
  })
})
