import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import type { Command } from '@core/commands/command'
import { CommandId, MetaInstanceId, NodeId } from '@core/ids'
import { nothingUnmerged } from '@core/merging/index'
import { World } from '@core/testing/world'
import type { EventLog } from './log/event-log'
import { MasterError } from './errors'
import { Projection } from './projection'
import { Sequencer, UnrelatedLog, type SequencerOptions } from './sequencer'
import { declaration, names, ScratchLog } from './testing/scratch-log'

let scratch: ScratchLog
let log: EventLog
let clock: number
beforeEach(() => {
  scratch = new ScratchLog()
  clock = 5000
})
afterEach(async () => {
  await log.close()
  scratch.dispose()
})

const started = (replicate?: SequencerOptions['replicate']) => {
  const opened = scratch.open()
  log = opened.log
  const onFailure = vi.fn()
  const projection = new Projection(opened.state)
  const sequencer = new Sequencer({
    log,
    projection,
    now: () => clock,
    ids: new World().ids,
    onFailure,
    ...(replicate && { replicate }),
  })
  return { sequencer, projection, onFailure, append: vi.spyOn(log, 'append') }
}

const create = (id: string): Command => {
  const event = declaration(id)
  if (event.type !== 'MetaInstanceCreated') throw new Error(event.type)
  const { generation: _g, createdAt: _c, consecutiveFailures: _f, replacements: _r, ...wanted } = event.metaInstance
  return { type: 'CreateMetaInstance', ...wanted }
}
const remove = (id: string): Command => ({ type: 'DeleteMetaInstance', metaInstanceId: MetaInstanceId.parse(id) })
const as = (id: string) => ({ commandId: CommandId.parse(id) })
const leaving = { type: 'NodeLeaving', nodeId: NodeId.parse('a'), reason: 'sleep' } as const

describe('the sequencer', () => {
  it('folds, then appends, then notifies', async () => {
    const { sequencer, projection, append } = started()
    const order: string[] = []
    append.mockImplementation(() => {
      order.push(`appended, state at ${projection.state().lastEventIndex}`)
      return Promise.resolve()
    })
    projection.subscribe({ event: ({ index }) => order.push(`sent ${index}`) })
    await sequencer.add([declaration('d1'), leaving, declaration('d2')])
    expect(order).toEqual(['appended, state at 3', 'sent 1', 'sent 2', 'sent 3'])
  })

  it('reports once that the log refuses, for an observation too, which nobody waits for', async () => {
    const { sequencer, onFailure, append } = started()
    const refusal = new Error('the log refuses')
    append.mockRejectedValue(refusal)
    sequencer.observe(leaving)
    await eventually(() => expect(onFailure.mock.calls).toEqual([[refusal]]))
  })

  it('notifies with the subject of an event, even one that the event removed', async () => {
    const { sequencer, projection } = started()
    const declared: (string | undefined)[] = []
    projection.subscribe({ event: (_event, { metaInstance }) => declared.push(metaInstance?.metaInstanceId) })
    await sequencer.add([declaration('d1')])
    await sequencer.submit(remove('d1'), as('c1'))
    expect(declared).toEqual([undefined, 'd1'])
  })

  it('writes decisions, and no observations', async () => {
    const { sequencer, append } = started()
    sequencer.observe(leaving)
    await sequencer.add([leaving, declaration('d1')])
    const written = append.mock.calls.flatMap(([records]) => records)
    expect(written).toMatchObject([
      { kind: 'decision', envelope: { index: 3, event: { type: 'MetaInstanceCreated' } } },
    ])
  })

  it('answers a command that changes nothing only when the decisions it rests on are replicated', async () => {
    const safe: (() => void)[] = []
    const { sequencer } = started(async (durable) => {
      await durable
      await new Promise<void>((resolve) => safe.push(resolve))
    })
    const answered: string[] = []
    const asked = [
      sequencer.submit(create('d1'), as('c1')).then(() => answered.push('declared')),
      sequencer.submit(create('d1'), as('c2')).then(() => answered.push('declared already')),
      sequencer.submit(remove('unknown'), as('c3')).then(() => answered.push('refused')),
    ]
    await eventually(() => expect(safe).toHaveLength(3))
    expect(answered).toEqual([])
    for (const tell of safe) tell()
    await Promise.all(asked)
    expect(answered).toHaveLength(3)
  })

  it('merges no declarations of a split until its log contains the common part', async () => {
    const { sequencer, projection } = started()
    await log.append([{ kind: 'term', term: 1, master: NodeId.parse('b') }])
    await sequencer.add([declaration('d1')])
    const { common, declared } = nothingUnmerged
    const parted = (master: string): Command => ({
      ...{ type: 'MergeDeclarations', common: [...common, 'metaInstance d2'], declared },
      since: { sequence: 1, epochs: [{ term: 1, master: NodeId.parse(master), from: 1 }] },
    })
    await expect(sequencer.submit(parted('a'), as('c1'))).rejects.toThrow(UnrelatedLog)
    expect(await sequencer.submit(parted('b'), as('c1'))).toMatchObject({ status: 'done' })
    expect(Object.keys(projection.state().metaInstances)).toEqual(['d1'])
  })

  it('notifies in index order, even if a listener adds observations', () => {
    const { sequencer, projection } = started()
    const seen: number[] = []
    projection.subscribe({
      event: ({ event }) => {
        if (event.type === 'MetaInstanceCreated') sequencer.observe(leaving)
      },
    })
    projection.subscribe({ event: ({ index }) => seen.push(index) })
    void sequencer.add([declaration('d1'), declaration('d2')])
    expect(seen).toEqual([1, 2, 3, 4])
    expect(projection.recent.after(1, 0)?.map(({ index }) => index)).toEqual([2, 3, 4])
  })

  it('never lets event times go backwards', async () => {
    const { sequencer, projection } = started()
    const times: number[] = []
    projection.subscribe({ event: ({ at }) => times.push(at) })
    for (clock of [5000, 4000, 6000]) await sequencer.add([leaving])
    expect(times).toEqual([5000, 5000, 6000])
  })

  it('answers when the decision is durable', async () => {
    const { sequencer } = started()
    expect(await sequencer.submit(create('d1'), as('1'))).toEqual({ status: 'done' })
    expect(await scratch.declared()).toEqual(['d1'])
  })

  it('executes a command once that is sent twice, at the same time or later', async () => {
    const { sequencer, projection, append } = started()
    await Promise.all([sequencer.submit(create('d1'), as('1')), sequencer.submit(create('d1'), as('1'))])
    await sequencer.submit(remove('d1'), as('2'))
    expect(await sequencer.submit(create('d1'), as('1'))).toEqual({ status: 'done' })
    expect(projection.state().metaInstances).toEqual({})
    expect(append.mock.calls.flatMap(([records]) => records)).toHaveLength(2)
  })

  it('executes a command once that an earlier process or leader has decided', async () => {
    const before = started()
    await before.sequencer.submit(create('d1'), as('1'))
    await before.sequencer.submit(remove('d1'), as('2'))
    await log.close()
    const { sequencer, projection } = started()
    expect(await sequencer.submit(create('d1'), as('1'))).toEqual({ status: 'done' })
    expect(await sequencer.submit(remove('d1'), as('2'))).toEqual({ status: 'done' })
    expect(projection.state().metaInstances).toEqual({})
    expect(await sequencer.submit(remove('d1'), as('3'))).toMatchObject({ status: 'refused' })
  })

  it('repeats a refusal for the same command', async () => {
    const { sequencer } = started()
    const first = await sequencer.submit(remove('d1'), as('1'))
    expect(first).toMatchObject({ status: 'refused', refusal: { code: 'not_found' } })
    await sequencer.submit(create('d1'), as('2'))
    expect(await sequencer.submit(remove('d1'), as('1'))).toEqual(first)
  })

  it('remembers the results of the latest thousand commands', async () => {
    const { sequencer } = started()
    await Promise.all(names(1001).map((id) => sequencer.submit(remove(id), as(id))))
    await Promise.all(['d1', 'd1001'].map((id) => sequencer.submit(create(id), as(`create ${id}`))))
    expect(await sequencer.submit(remove('d1001'), as('d1001'))).toMatchObject({ status: 'refused' })
    expect(await sequencer.submit(remove('d1'), as('d1'))).toEqual({ status: 'done' })
  })

  it.each([
    ['changes nothing', () => create('d1')],
    ['is refused', () => remove('d2')],
  ])('waits for the disk even if a command %s, because that rests on earlier decisions', async (_how, command) => {
    const { sequencer } = started()
    const order: string[] = []
    await Promise.all([
      sequencer.submit(create('d1'), as('1')).then(() => order.push('decided')),
      sequencer.submit(command(), as('2')).then(() => order.push('answered')),
    ])
    expect(order).toEqual(['decided', 'answered'])
  })

  it('rejects a command that the disk refused, reports it, and executes it when it is sent again', async () => {
    const { sequencer, projection, onFailure, append } = started()
    const full = new MasterError('disk_full', 'full', 'free some')
    append.mockImplementationOnce(() => Promise.reject(full))
    await expect(sequencer.submit(create('d1'), as('1'))).rejects.toBe(full)
    expect(onFailure).toHaveBeenCalledWith(full)
    const { log: again, state } = scratch.open()
    await log.close()
    log = again
    sequencer.restore(log, state)
    expect(projection.state().metaInstances).toEqual({})
    expect(await sequencer.submit(create('d1'), as('1'))).toEqual({ status: 'done' })
    expect(Object.keys(projection.state().metaInstances)).toEqual(['d1'])
  })

  it('resets all listeners before it notifies them of events that a reset caused', async () => {
    const { sequencer, projection } = started()
    await sequencer.add([declaration('d1')])
    const { lastEventIndex } = projection.state()
    const told: string[] = []
    projection.subscribe({ event: () => undefined, reset: () => sequencer.observe(leaving) })
    projection.subscribe({ event: ({ index }) => told.push(`event ${index}`), reset: () => told.push('reset') })
    const { log: again, state } = scratch.open()
    await log.close()
    log = again
    sequencer.restore(log, state)
    expect(told).toEqual(['reset', `event ${lastEventIndex + 2}`])
    // A client that saw the undone event gets a snapshot.
    expect(projection.recent.after(lastEventIndex, 0)).toBeUndefined()
  })
})
