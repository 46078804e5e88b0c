import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { declaredOf } from '@core/merging/index'
import { Decision } from '@core/events/event'
import { durablePart } from '@core/state/durable'
import { State } from '@core/state/state'
import { readSegment } from './segment'
import { ScratchLog } from '../testing/scratch-log'

/** Logs written by the versions that they are named after. Never regenerate them: they test that old logs can be read. */
const recorded = join(import.meta.dirname, '..', '..', '..', 'tests', 'fixtures', 'log')

/** Decisions of later versions, which these logs cannot contain. */
const LATER = new Set(['ApiKeyUpdated', 'MetaInstanceScheduled'])

let scratch: ScratchLog
beforeEach(() => void (scratch = new ScratchLog()))
afterEach(() => scratch.dispose())

describe.each(readdirSync(recorded))('a log of version %s', (version) => {
  beforeEach(() => cpSync(join(recorded, version), scratch.directory, { recursive: true }))

  const expected = (): State => State.parse(JSON.parse(readFileSync(join(scratch.directory, 'state.json'), 'utf8')))
  const stateNow = async (): Promise<State> => {
    const { log, state } = scratch.open()
    await log.close()
    expect(scratch.warnings).toEqual([])
    return durablePart(state)
  }
  /** Without stamps: they are derived from the records, and the recorded states predate them. */
  const withoutStamps = async (): Promise<State> => {
    const { stamps: _made, ...state } = await stateNow()
    return state
  }

  it('is read from its snapshot', async () => {
    expect(await withoutStamps()).toEqual(expected())
  })

  it('is read from its first record', async () => {
    for (const name of readdirSync(scratch.directory))
      if (name.startsWith('snapshot')) rmSync(join(scratch.directory, name))
    expect(await withoutStamps()).toEqual(expected())
  })

  it('has a stamp for everything declared, for merges to compare', async () => {
    const state = await stateNow()
    const { metaInstances, members, apiKeys } = declaredOf(state)
    const all = [metaInstances, members, apiKeys].flatMap((family) => Object.values(family))
    expect(all.length).toBeGreaterThan(3)
    for (const { stamps } of all) expect(stamps.created).toMatchObject({ index: expect.any(Number), node: 'self' })
    expect(all.some(({ stamps }) => Object.keys(stamps.fields).length > 0)).toBe(true)
  })

  it('has every kind of decision that its version had', () => {
    let from = 1
    const kinds = new Set<string>()
    for (const [at, path] of scratch.segments().entries()) {
      const { records, last } = readSegment(scratch.folder, basename(path), {
        from,
        after: 0,
        isLast: at === scratch.segments().length - 1,
      })
      for (const record of records) kinds.add(record.kind === 'decision' ? record.envelope.event.type : record.kind)
      from = last + 1
    }
    const known = Decision.options.map((option): string => option.shape.type.value)
    expect([...kinds].sort()).toEqual([...known.filter((type) => !LATER.has(type)), 'term'].sort())
  })

  it('names the leader of each epoch; records without a leader are of the only node', async () => {
    const { log } = scratch.open()
    await log.close()
    const epochs = JSON.parse(readFileSync(join(scratch.directory, 'epochs.json'), 'utf8')) as unknown
    expect(log.logEnd.epochs).toEqual(epochs)
  })

  it('can be appended to', async () => {
    const { log } = scratch.open()
    await log.append([{ kind: 'term', term: 99 }])
    await log.close()
    expect((await stateNow()).term).toBe(99)
  })
})
