import { describe, expect, it } from 'vitest'
import type { Envelope } from '@core/events/event'
import { RecentEvents } from './recent-events'
import { declaration } from './testing/scratch-log'

const event = declaration('chat')
const filled = (from: number, to: number, term = 3): RecentEvents => {
  const recent = new RecentEvents()
  for (let index = from; index <= to; index += 1) recent.add({ v: 1, index, term, at: index, event })
  return recent
}
const indexes = (events: readonly Envelope[] | undefined): number[] | undefined => events?.map(({ index }) => index)

describe('a client that reconnects', () => {
  it('gets exactly what it missed', () => {
    const recent = filled(5, 9)
    expect(indexes(recent.after(6, 3))).toEqual([7, 8, 9])
    expect(indexes(recent.after(4, 3))).toEqual([5, 6, 7, 8, 9])
    expect(indexes(recent.after(9, 3))).toEqual([])
  })

  it('needs a snapshot if the missed events are no longer in memory', () => {
    expect(filled(5, 9).after(3, 3)).toBeUndefined()
  })

  it('needs a snapshot if it has seen later events than this node', () => {
    expect(filled(5, 9).after(10, 3)).toBeUndefined()
    expect(new RecentEvents().after(0, 0)).toBeUndefined()
  })

  it('needs a snapshot after another term', () => {
    const recent = filled(5, 9)
    expect(recent.after(7, 2)).toBeUndefined()
    recent.add({ v: 1, index: 10, term: 4, at: 10, event })
    expect(recent.after(7, 3)).toBeUndefined()
    expect(recent.after(7, 4)).toBeUndefined()
  })

  it('can resume after up to 10,000 missed events', () => {
    const recent = filled(1, 45_000)
    expect(recent.after(35_000, 3)).toHaveLength(10_000)
    expect(recent.after(10_000, 3)).toBeUndefined()
  })
})
