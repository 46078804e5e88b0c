import { describe, expect, it } from 'vitest'
import { next } from '@core/events/next'
import { readyWorld } from '@core/testing/world'
import { EVENT_KINDS, eventRow, eventRows, eventWords, FIRST_KINDS, matchingEvents } from './event-rows'

const rows = () => {
  const { world, id } = readyWorld()
  const { instanceId } = world.instance(id)
  world.apply({ type: 'InstanceDeleted', instanceId, failureError: 'Mac Studio: out of memory' })
  const envelopes = world.log.map((event, index) => ({ ...next(world.state, event, world.now), index }))
  return envelopes.map((envelope) => eventRow(world.state, envelope))
}

describe('the list of events', () => {
  it('says what each event is about, and why something failed', () => {
    const found = rows()
    expect(found.find(({ type }) => type === 'MemberAdmitted')).toMatchObject({ kind: 'Machines', failed: false })
    expect(found.at(-1)).toMatchObject({ type: 'InstanceDeleted', kind: 'Models', failed: true })
    expect(found.at(-1)?.text).toContain('out of memory')
    expect((['MetaInstanceCreated', 'InstanceRetrying'] as const).map(eventWords)).toEqual(['Declared', 'Retrying'])
  })

  it('is filtered by kind and by words, and shows decisions by default, newest first', () => {
    const all = rows()
    const first = matchingEvents(all, { kinds: FIRST_KINDS, search: '' })
    expect(first[0]?.type).toBe('InstanceDeleted')
    expect(first.some(({ kind }) => kind === 'Runners')).toBe(false)
    expect(matchingEvents(all, { kinds: EVENT_KINDS, search: '' })).toHaveLength(all.length)
    expect(matchingEvents(all, { kinds: EVENT_KINDS, search: 'MEMORY instance' }).map(({ type }) => type)).toEqual([
      'InstanceDeleted',
    ])
  })

  it('shows a reason once, however many events have it', () => {
    const { world, id } = readyWorld()
    for (let failure = 0; failure < 3; failure += 1) {
      world.fail(id)
      world.reconcile()
    }
    const envelopes = world.log.map((event, index) => ({ ...next(world.state, event, world.now), index }))
    const retries = eventRows(world.state, envelopes).filter(({ type }) => type === 'InstanceRetrying')
    expect(retries.map(({ text }) => text.slice(text.indexOf(':') + 2))).toEqual([
      'Mac Studio: out of memory',
      'for the same reason',
      'for the same reason',
    ])
  })
})
