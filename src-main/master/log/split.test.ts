import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Command } from '@core/commands/command'
import { emptyLog } from '@core/consensus/index'
import { decideMerge, plausible } from '@core/merging/index'
import { fold } from '@core/fold/index'
import { type Decision, type Event, isDecision } from '@core/events/event'
import { CommandId, MetaInstanceId, NodeId } from '@core/ids'
import { next } from '@core/events/next'
import { durablePart } from '@core/state/durable'
import { emptyState, type State } from '@core/state/state'
import { systemTimers } from '../host'
import type { EventLog } from './event-log'
import { logDirectory, openLogFolder, type LogFolder } from './log-folder'
import { replaceBySnapshot, setRecordsAside } from './split'
import { backgroundMerge, SplitMerging, type MergeParts } from './split-merge'
import { declaration, declarations, envelope, SELF } from '../testing/scratch-log'

let dataDir: string
const log = { info: vi.fn(), warn: vi.fn() }
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'muster-split-'))))
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const folder = (): LogFolder => ({ dataDir, nodeId: SELF, log })

const append = async (count: number, from: number): Promise<void> => {
  const { log: opened } = openLogFolder(folder())
  for (const record of declarations(count, from)) await opened.append([record])
  await opened.close()
}

/** Appends `count` declarations after record `after`, and sets them aside as the losing side does. */
const lose = async (after: number, count: number, from: number): Promise<void> => {
  await append(count, from)
  const { log: opened } = await setRecordsAside(folder(), { after, fate: 'merged' })
  await opened.close()
}

/** The leader of the other side. */
class Winner {
  state: State = emptyState()
  asked = 0
  /** Decisions that have not come to this node yet, with the command that made them. */
  private decided: { event: Event; commandId: CommandId }[] = []

  readonly submit = (command: Command, { commandId }: { commandId: CommandId }) => {
    this.asked += 1
    if (command.type !== 'MergeDeclarations') throw new Error(`nothing but a merge: ${command.type}`)
    for (const event of decideMerge(this.state, plausible(command, NOW).unmerged)) {
      expect(isDecision(event)).toBe(true)
      this.state = fold(this.state, next(this.state, event, NOW))
      this.decided.push({ event, commandId })
    }
    return Promise.resolve({ status: 'done' as const })
  }

  /** Its records come to this node's log. */
  async replicateTo(own: EventLog): Promise<void> {
    for (const { event, commandId } of this.decided)
      await own.append([{ kind: 'decision', envelope: { ...next(own.state, event, NOW), commandId } }])
    this.decided = []
  }

  declared(): string[] {
    return Object.keys(this.state.metaInstances)
  }
}

const NOW = 5000

/** Merging of this folder's split files by a leader, into this log. */
const merging = (submit: MergeParts['submit'], own: EventLog): SplitMerging =>
  new SplitMerging(logDirectory(folder()), {
    ...{ submit, log },
    ownLog: () => own,
    newCommandId: () => CommandId.parse(randomUUID()),
  })

/** Runs with this node's log open. */
const withOwnLog = async <Result>(run: (own: EventLog) => Promise<Result>): Promise<Result> => {
  const { log: own } = openLogFolder(folder())
  try {
    return await run(own)
  } finally {
    await own.close()
  }
}

/** One attempt to have a leader merge. */
const attempt = (submit: MergeParts['submit']) => withOwnLog((own) => merging(submit, own).attempt())

/** Has that leader merge all, and its records come here. */
const merge = (winner: Winner) =>
  withOwnLog(async (own) => {
    const all = merging(winner.submit, own)
    await all.attempt()
    await winner.replicateTo(own)
    expect(await all.attempt()).toBe(true)
  })

const left = () =>
  logDirectory(folder())
    .names()
    .filter((name) => name.startsWith('split-'))

describe('the declarations of the losing side of a split', () => {
  it('are not merged by a removed machine into its new cluster', async () => {
    await append(2, 1)
    await lose(1, 1, 3)
    expect(left()).toHaveLength(1)
    const { log: opened } = await setRecordsAside(folder(), { after: 0, fate: 'forgotten' })
    await opened.close()
    expect(left()).toEqual([])
  })

  it('are merged once, from one file for all splits', async () => {
    await append(2, 1)
    await lose(2, 2, 3)
    await lose(2, 1, 5)
    expect(left()).toHaveLength(1)
    const winner = new Winner()
    await merge(winner)
    await merge(winner)
    // The common declarations are not submitted: the other side has them, or has removed them.
    expect(winner.declared()).toEqual(['d3', 'd4', 'd5'])
    expect(winner.asked).toBe(1)
    expect(left()).toEqual([])
  })

  it('include settings if the whole log is discarded, but not on joining another cluster', async () => {
    for (const [fate, most] of [
      ['merged', 7],
      ['carriedOver', emptyState().settings.maxRetries],
    ] as const) {
      const { log: opened } = openLogFolder(folder())
      const changed: Decision = { type: 'SettingChanged', change: { key: 'maxRetries', value: 7 } }
      await opened.append([{ kind: 'decision', envelope: envelope(1, changed) }, ...declarations(1, 2)])
      await opened.close()
      const { log: none } = await setRecordsAside(folder(), { after: 0, fate })
      await none.close()
      const winner = new Winner()
      await merge(winner)
      expect(winner.declared()).toEqual(['d2'])
      expect(winner.state.settings.maxRetries).toBe(most)
    }
  })

  it('include no settings on joining another cluster, even from an earlier split', async () => {
    await append(1, 1)
    const { log: opened } = openLogFolder(folder())
    const changed: Decision = { type: 'SettingChanged', change: { key: 'maxRetries', value: 7 } }
    await opened.append([{ kind: 'decision', envelope: envelope(2, changed) }, ...declarations(1, 3)])
    await opened.close()
    for (const [after, fate] of [
      [1, 'merged'],
      [0, 'carriedOver'],
    ] as const) {
      const { log: left } = await setRecordsAside(folder(), { after, fate })
      await left.close()
    }
    const winner = new Winner()
    await merge(winner)
    expect(winner.declared()).toEqual(['d1', 'd3'])
    expect(winner.state.settings.maxRetries).toBe(emptyState().settings.maxRetries)
  })

  it('name the common part of the logs, that of the latest split', async () => {
    const submitted = async (): Promise<unknown> => {
      const submit = vi.fn((_command: Command) => Promise.reject(new Error('nobody decides')))
      await attempt(submit)
      return submit.mock.calls.map(([command]) => command)
    }
    const { log: opened } = openLogFolder(folder())
    await opened.append([{ kind: 'term', term: 1, master: SELF }, ...declarations(1, 1)])
    await opened.append([{ kind: 'term', term: 2, master: SELF }])
    await opened.close()
    await lose(3, 1, 2)
    expect(await submitted()).toMatchObject([{ since: { sequence: 3, epochs: [{ term: 2 }] } }])
    // The records that are set aside now contain no declaration.
    await lose(2, 0, 0)
    expect(await submitted()).toMatchObject([{ since: { sequence: 2, epochs: [{ term: 1 }] } }])
  })

  it('are merged on a third side too, where the log that they parted from was never known', async () => {
    const submitted = async (): Promise<Command | undefined> => {
      const submit = vi.fn((_command: Command) => Promise.reject(new Error('nobody decides')))
      await attempt(submit)
      return submit.mock.calls[0]?.[0]
    }
    const { log: opened } = openLogFolder(folder())
    await opened.append([{ kind: 'term', term: 1, master: SELF }, ...declarations(2, 1)])
    await opened.append([{ kind: 'term', term: 2, master: SELF }])
    await opened.close()
    await lose(4, 1, 3)
    const since = { sequence: 4, epochs: [{ term: 2, master: SELF, from: 4 }] }
    // The whole log makes room: the other side's could still come.
    const emptied = replaceBySnapshot(folder(), { logEnd: emptyLog, state: emptyState() })
    await emptied.log.close()
    expect(await submitted()).toMatchObject({ since, common: [expect.any(String), expect.any(String)] })
    const third = NodeId.parse('third')
    const logEnd = { sequence: 9, epochs: [{ term: 3, master: third, from: 1 }] }
    const installed = replaceBySnapshot(folder(), { logEnd, state: emptyState() })
    await installed.log.close()
    const there = await submitted()
    expect(there).toMatchObject({ common: [] })
    expect(there).not.toHaveProperty('since')
    const winner = new Winner()
    await merge(winner)
    expect(winner.declared()).toEqual(['d1', 'd2', 'd3'])
    expect(left()).toEqual([])
  })

  it('are kept until a leader has answered', async () => {
    await append(1, 1)
    await lose(1, 2, 2)
    expect(await attempt(() => Promise.reject(new Error('nobody decides')))).toBe(false)
    expect(left()).toHaveLength(1)
    const winner = new Winner()
    await merge(winner)
    expect(winner.declared()).toEqual(['d2', 'd3'])
  })

  it('are kept until this node’s own log has what the leader acknowledged: the leader may be lost before', async () => {
    await append(1, 1)
    await lose(1, 2, 2)
    const [lost, successor] = [new Winner(), new Winner()]
    expect(await attempt(lost.submit)).toBe(false)
    expect(lost.declared()).toEqual(['d2', 'd3'])
    expect(left()).toHaveLength(1)
    await merge(successor)
    expect(successor.declared()).toEqual(['d2', 'd3'])
    expect(left()).toEqual([])
  })

  it('are not taken for merged by the log whose records are being set aside', async () => {
    await append(1, 1)
    const { log: own } = openLogFolder(folder())
    for (const record of declarations(1, 2)) await own.append([record])
    await own.close()
    const { log: opened } = await setRecordsAside(folder(), { after: 1, fate: 'merged' })
    await opened.close()
    expect(await merging(() => Promise.reject(new Error('nobody decides')), own).attempt()).toBe(false)
    expect(left()).toHaveLength(1)
  })

  it('are merged with the time of the merge if a clock was years ahead, and then no longer submitted', async () => {
    await append(1, 1)
    const { log: own } = openLogFolder(folder())
    const changed: Decision = {
      type: 'MetaInstanceUpdated',
      metaInstanceId: MetaInstanceId.parse('d1'),
      changes: { maxContext: 9 },
    }
    await own.append([{ kind: 'decision', envelope: { ...envelope(2, changed), at: Date.UTC(2200, 0) } }])
    await own.close()
    const { log: opened } = await setRecordsAside(folder(), { after: 1, fate: 'merged' })
    await opened.close()
    const winner = new Winner()
    winner.state = fold({ ...emptyState(), masterNodeId: SELF }, envelope(1, declaration('d1')))
    await merge(winner)
    expect(winner.state.metaInstances).toMatchObject({ d1: { maxContext: 9 } })
    expect(winner.asked).toBe(1)
    expect(left()).toEqual([])
  })

  it('are submitted again until there is a leader, and its records have come', async () => {
    await append(1, 1)
    await lose(1, 1, 2)
    const winner = new Winner()
    const submit = vi.fn(winner.submit).mockRejectedValueOnce(new Error('nobody decides'))
    await withOwnLog(async (own) => {
      backgroundMerge(logDirectory(folder()), {
        ...{ submit, log, timers: systemTimers, isOver: () => false },
        ownLog: () => own,
        newCommandId: () => CommandId.parse(randomUUID()),
      })()
      await expect.poll(() => winner.declared(), { timeout: 30_000 }).toEqual(['d2'])
      expect(left()).toHaveLength(1)
      await winner.replicateTo(own)
      await expect.poll(left, { timeout: 30_000 }).toEqual([])
    })
  })

  it('are no file if nothing was declared', async () => {
    await append(1, 1)
    const { log: opened } = openLogFolder(folder())
    const failed: Decision = {
      type: 'MetaInstancePlacementFailed',
      metaInstanceId: MetaInstanceId.parse('d1'),
      reason: 'x',
      code: 'x',
    }
    await opened.append([{ kind: 'decision', envelope: envelope(2, failed) }])
    await opened.close()
    const { log: winners } = await setRecordsAside(folder(), { after: 1, fate: 'merged' })
    await winners.close()
    expect(left()).toEqual([])
  })

  it('do not wait for a damaged file, which is kept for inspection', async () => {
    await append(1, 1)
    await lose(1, 1, 2)
    writeFileSync(join(logDirectory(folder()).path, 'split-000000.json'), '{')
    const winner = new Winner()
    await merge(winner)
    expect(winner.declared()).toEqual(['d2'])
    expect(left()).toEqual(['split-000000.json.damaged'])
    expect(log.warn).toHaveBeenCalled()
    // A second file of that name does not overwrite the first.
    writeFileSync(join(logDirectory(folder()).path, 'split-000000.json'), '[')
    await merge(winner)
    expect(left().sort()).toEqual(['split-000000.json.damaged', 'split-000000.json.damaged-2'])
  })
})

describe('a split file of a version before merges', () => {
  const at = (index: number, event: Decision) => envelope(index, event)
  const updated = (changes: object): Decision => ({
    type: 'MetaInstanceUpdated',
    metaInstanceId: MetaInstanceId.parse('d1'),
    changes,
  })
  const common = fold(emptyState(), at(1, declaration('d1')))
  const decided: Decision[] = [updated({ maxContext: 9 }), declaration('d2')]
  const own = decided.reduce((state, event, index) => fold(state, at(2 + index, event)), common)
  const withoutStamps = (state: State): object => ({ ...durablePart(state), stamps: undefined })

  beforeEach(async () => {
    await append(1, 1)
    const kept = { after: 1, common: withoutStamps(common), decided, own: withoutStamps(own) }
    writeFileSync(join(logDirectory(folder()).path, 'split-000001.json'), JSON.stringify(kept))
  })

  it('is merged like any other', async () => {
    const winner = new Winner()
    winner.state = fold({ ...emptyState(), masterNodeId: SELF }, at(1, declaration('d1')))
    await merge(winner)
    expect(winner.state.metaInstances).toMatchObject({ d1: { maxContext: 9 }, d2: {} })
    expect(left()).toEqual([])
  })

  it('does not override later changes', async () => {
    const winner = new Winner()
    winner.state = [declaration('d1'), updated({ maxContext: 10, paused: false })].reduce<State>(
      (state, event, index) => fold(state, { ...at(1 + index, event), at: 1001 + 100 * index }),
      { ...emptyState(), masterNodeId: SELF },
    )
    await merge(winner)
    expect(winner.state.metaInstances).toMatchObject({ d1: { maxContext: 10, paused: false }, d2: {} })
  })
})
