import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isDecision, type Envelope } from '@core/events/event'
import { readyWorld } from '@core/testing/world'
import { dayLine, dayText, historyLine, historyLines } from './history'

describe('the history of a declaration', () => {
  it('says what happened to it, with the causes of failures', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    world.report(id, { status: 'Ready' }).wait(60_000).reconcile()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { name: 'chat', maxContext: 4096 } })
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    world.reconcile()
    const lines = world.log
      .filter((event) => isDecision(event) && event.type !== 'MemberAdmitted')
      .map((event, at) => historyLine(world.state, { v: 1, index: at + 1, term: 1, at, event } satisfies Envelope))
    expect(lines.map(({ text, tone }) => (tone === 'failure' ? `! ${text}` : text))).toEqual([
      'Declared',
      'Placed on Mac Studio',
      '! Restarted after: Mac Studio: out of memory',
      'Recovered',
      'Changed: name, context',
      'Paused',
      'Unloaded',
    ])
  })

  it('shows failures with the same cause once, with their number and since when', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    const event = world.log.find(({ type }) => type === 'InstanceRetrying')
    if (!event || !isDecision(event)) throw new Error('nothing was retried')
    const since = new Date(2026, 0, 2, 3, 4).getTime()
    const many = { v: 1, index: 9, term: 1, at: since + 1, event, repeated: { times: 1440, since } } as const
    expect(historyLines(world.state, [many]).map(({ line }) => line.text)).toEqual([
      expect.stringMatching(/^Restarted after: Mac Studio: out of memory \(1,440 times since .*2026/) as unknown,
    ])
  })

  it('calls a day as it is kept, in UTC, also where the next one has begun at its noon', () => {
    vi.stubEnv('TZ', 'Pacific/Kiritimati')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(new Date(0).getTimezoneOffset()).not.toBe(0)
    expect(dayText({ day: '2026-01-31', events: 1, failures: 0 })).toBe('Jan 31, 2026')
  })

  it('has a line for each day whose decisions are no longer kept, with its failures', () => {
    const day = '2026-01-31'
    expect(dayText({ day, events: 1, failures: 0 })).toContain('31')
    expect(dayLine({ day, events: 1, failures: 0 })).toEqual({ text: '1 decision', tone: 'plain' })
    expect(dayLine({ day, events: 48, failures: 24, reason: 'out of memory' })).toEqual({
      text: '48 decisions, 24 failures: out of memory',
      tone: 'failure',
    })
  })
})
