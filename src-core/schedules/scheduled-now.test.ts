import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import type { Hours } from './hours'
import { hoursText, momentText } from './hours-text'
import { scheduledNow } from './scheduled-now'
import { epochMs, type WallTime, wallTime } from '../time/clocks'

const at = (text: string): WallTime => wallTime(Date.parse(text))
const berlin = { timeZone: 'Europe/Berlin' } as const
const laptop = NodeId.parse('laptop')
const work: Hours = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '09:00', to: '18:00', ...berlin }
const night: Hours = { from: '18:00', to: '09:00', ...berlin }

const of = (hours: Hours[], wall: string) => {
  const scheduled = scheduledNow(hours, at(wall))
  const until = scheduled?.until
  return { on: scheduled?.on, until: until === undefined ? undefined : new Date(epochMs(until)).toISOString() }
}

describe('hours', () => {
  it('apply from their start to just before their end, by the clock of their time zone', () => {
    // 2026-03-04 is a Wednesday; Berlin is an hour ahead of UTC.
    expect(of([work], '2026-03-04T07:59:59.999Z')).toEqual({ on: false, until: '2026-03-04T08:00:00.000Z' })
    expect(of([work], '2026-03-04T08:00:00.000Z')).toEqual({ on: true, until: '2026-03-04T17:00:00.000Z' })
    expect(of([work], '2026-03-04T16:59:59.999Z')).toEqual({ on: true, until: '2026-03-04T17:00:00.000Z' })
    expect(of([work], '2026-03-04T17:00:00.000Z')).toEqual({ on: false, until: '2026-03-05T08:00:00.000Z' })
  })

  it('of working days end on Friday evening until Monday', () => {
    expect(of([work], '2026-03-06T17:00:00Z')).toEqual({ on: false, until: '2026-03-09T08:00:00.000Z' })
  })

  it('that end before they start end on the next day, and their days are those on which they start', () => {
    const fridays: Hours = { days: ['Fri'], from: '22:00', to: '06:00', ...berlin }
    expect(of([fridays], '2026-03-07T04:00:00Z')).toEqual({ on: true, until: '2026-03-07T05:00:00.000Z' })
    expect(of([fridays], '2026-03-08T04:00:00Z').on).toBe(false)
  })

  it('without an end apply forever, and the same time twice is a whole day', () => {
    expect(of([{ from: '08:00', to: '08:00', ...berlin }], '2026-03-04T12:00:00Z')).toEqual({ on: true })
    const mondays: Hours = { days: ['Mon'], from: '08:00', to: '08:00', timeZone: 'UTC' }
    expect(of([mondays], '2026-03-09T08:00:00Z')).toEqual({ on: true, until: '2026-03-10T08:00:00.000Z' })
  })

  it('that overlap are those of the first, with its machines, and the next change is where the outcome changes', () => {
    const hours = [{ ...work, nodeIds: [laptop] }, night]
    expect(scheduledNow(hours, at('2026-03-04T12:00:00Z'))).toEqual({
      on: true,
      nodeIds: [laptop],
      until: at('2026-03-04T17:00:00Z'),
    })
    // Overnight, on any machine, until Thursday morning.
    expect(scheduledNow(hours, at('2026-03-04T17:00:00Z'))).toEqual({ on: true, until: at('2026-03-05T08:00:00Z') })
    const twice = [{ ...work }, { ...work, to: '20:00' }]
    expect(scheduledNow(twice, at('2026-03-04T12:00:00Z'))?.until).toBe(at('2026-03-04T19:00:00Z'))
  })

  it('are evaluated again if the clock was set back, despite the cache', () => {
    const hours = [work]
    expect(scheduledNow(hours, at('2026-03-04T12:00:00Z'))?.on).toBe(true)
    expect(scheduledNow(hours, at('2026-03-04T03:00:00Z'))?.on).toBe(false)
  })

  it('in a time zone that this machine does not know have no outcome', () => {
    expect(scheduledNow([{ ...work, timeZone: 'Mars/Olympus_Mons' }], wallTime(0))).toBeUndefined()
  })
})

describe('where clocks change', () => {
  it('hours follow the wall clock', () => {
    // Berlin changes to summer time on Sunday, 29 March 2026.
    expect(of([work], '2026-03-27T20:00:00Z').until).toBe('2026-03-30T07:00:00.000Z')
    expect(of([work], '2026-10-23T20:00:00Z').until).toBe('2026-10-26T08:00:00.000Z')
  })

  it('a skipped time is resolved with the offset before the gap, once and with a duration', () => {
    const early: Hours = { from: '02:15', to: '02:45', ...berlin }
    expect(of([early], '2026-03-29T00:30:00Z')).toEqual({ on: false, until: '2026-03-29T01:15:00.000Z' })
    expect(of([early], '2026-03-29T01:15:00Z')).toEqual({ on: true, until: '2026-03-29T01:45:00.000Z' })
  })

  it('a time that occurs twice is the first one: hours apply once', () => {
    const early: Hours = { from: '02:15', to: '02:45', ...berlin }
    expect(of([early], '2026-10-25T00:00:00Z')).toEqual({ on: false, until: '2026-10-25T00:15:00.000Z' })
    expect(of([early], '2026-10-25T00:50:00Z')).toEqual({ on: false, until: '2026-10-26T01:15:00.000Z' })
  })

  it('a night is longer or shorter', () => {
    expect(of([night], '2026-10-24T20:00:00Z').until).toBe('2026-10-25T08:00:00.000Z')
    expect(of([night], '2026-03-28T20:00:00Z').until).toBe('2026-03-29T07:00:00.000Z')
  })
})

it('hours have a text for people', () => {
  const text = hoursText([{ ...work, nodeIds: [laptop] }, night], () => 'MacBook Pro')
  expect(text).toBe('Mon–Fri 09:00–18:00 on MacBook Pro, every day 18:00–09:00 (Europe/Berlin)')
  const days: Hours = { days: ['Mon', 'Wed', 'Sat', 'Sun'], from: '01:00', to: '02:00', timeZone: 'UTC' }
  expect(hoursText([days, work], String)).toBe('Mon, Wed, Sat, Sun 01:00–02:00 UTC, Mon–Fri 09:00–18:00 Europe/Berlin')
  expect(momentText('Europe/Berlin', at('2026-03-09T08:00:00Z'))).toBe('Mon 09:00 (Europe/Berlin)')
})
