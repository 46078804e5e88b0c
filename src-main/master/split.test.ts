import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Command, Refusal } from '@core/commands/command'
import { fold } from '@core/events/fold'
import type { Decision } from '@core/events/event'
import { MetaInstanceId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { logDirectory, openLogFolder, type LogFolder } from './log-folder'
import { resubmitter, setRecordsAside, submitAgain } from './split'
import { declaration, declarations, envelope, SELF } from './testing/scratch-log'

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

/** This side decided `count` declarations from `from` on after record `after`, and lost. */
const lose = async (after: number, count: number, from: number): Promise<void> => {
  await append(count, from)
  const { log: opened } = await setRecordsAside(folder(), { after, keep: true })
  await opened.close()
}

const submitting = () => {
  const submitted: Command[] = []
  const submit = (command: Command) => Promise.resolve({ status: String(submitted.push(command)) })
  const ids = () => submitted.map((command) => 'metaInstanceId' in command && command.metaInstanceId)
  return { submit, ids }
}

const again = (submit: (command: Command) => Promise<{ status: string }>) =>
  submitAgain(logDirectory(folder()), { state: emptyState, submit, log })

const left = () => readdirSync(logDirectory(folder())).filter((name) => name.startsWith('split-'))

describe('what a lost split had declared', () => {
  it('is submitted once, that of an earlier split first', async () => {
    await append(2, 1)
    await lose(2, 2, 3)
    await lose(2, 1, 5)
    const { submit, ids } = submitting()
    await again(submit)
    await again(submit)
    expect(ids()).toEqual(['d3', 'd4', 'd5'])
    expect(left()).toEqual([])
  })

  it('is kept until all of it was taken', async () => {
    await append(1, 1)
    await lose(1, 2, 2)
    const submit = vi.fn().mockResolvedValueOnce({ status: 'done' }).mockRejectedValue(new Error('nobody decides'))
    await again(submit)
    expect(left()).toHaveLength(1)
    const { submit: taken, ids } = submitting()
    await again(taken)
    expect(ids()).toEqual(['d2', 'd3'])
  })

  it('does not wait behind a file that is damaged, which stays for people to look at', async () => {
    await append(1, 1)
    await lose(1, 1, 2)
    writeFileSync(join(logDirectory(folder()), 'split-000000.json'), '{')
    const { submit, ids } = submitting()
    await again(submit)
    expect(ids()).toEqual(['d2'])
    expect(left()).toEqual(['split-000000.json.damaged'])
    expect(log.warn).toHaveBeenCalled()
  })
})

describe('a change that was made during a split to what another node of that side has brought already', () => {
  const changed: Decision = {
    type: 'MetaInstanceUpdated',
    metaInstanceId: MetaInstanceId.parse('d2'),
    changes: { maxContext: 9 },
  }
  const brought = fold(emptyState(), envelope(1, declaration('d2')))
  const notFound: Refusal = { code: 'not_found', reason: 'There is no meta-instance with the id d2' }
  beforeEach(async () => {
    await append(1, 1)
    const { log: opened } = openLogFolder(folder())
    await opened.append(declarations(1, 2))
    await opened.append([{ kind: 'decision', envelope: envelope(3, changed) }])
    await opened.close()
    const { log: winners } = await setRecordsAside(folder(), { after: 1, keep: true })
    await winners.close()
  })

  /** Whoever decides refuses changes of what it does not have. */
  const deciding = (before: State) => {
    const world = { state: before, has: brought }
    const types: string[] = []
    const submit = (command: Command) => {
      types.push(command.type)
      const isKnown = command.type !== 'UpdateMetaInstance' || command.metaInstanceId in world.has.metaInstances
      return Promise.resolve(isKnown ? { status: 'done' } : { status: 'refused', refusal: notFound })
    }
    const parts = { state: () => world.state, submit, log }
    return { world, types, submit, parts, run: () => submitAgain(logDirectory(folder()), parts) }
  }

  it('is submitted once, as a change', async () => {
    const { types, run } = deciding(brought)
    await run()
    expect(types).toEqual(['UpdateMetaInstance'])
    expect(left()).toEqual([])
  })

  it('becomes a declaration where the master is another one by then, which has not heard of it', async () => {
    const { world, types, submit, parts } = deciding(brought)
    world.has = emptyState()
    const replaced = (command: Command) => {
      world.state = emptyState()
      return submit(command)
    }
    await submitAgain(logDirectory(folder()), { ...parts, submit: replaced })
    expect(types).toEqual(['UpdateMetaInstance', 'CreateMetaInstance'])
    expect(left()).toEqual([])
  })

  it('is kept while this node does not see why it was refused, and not asked for again and again', async () => {
    const { world, types, run } = deciding(brought)
    world.has = emptyState()
    await run()
    expect(types).toEqual(['UpdateMetaInstance'])
    expect(left()).toHaveLength(1)
    world.state = emptyState()
    await run()
    expect(types).toEqual(['UpdateMetaInstance', 'CreateMetaInstance'])
    expect(left()).toEqual([])
  })

  it('is submitted by the next attempt, where that was called for while one was failing', async () => {
    const { types, submit, parts } = deciding(brought)
    let attempts = 0
    const begin = resubmitter(logDirectory(folder()), {
      ...parts,
      submit: (command) => {
        attempts += 1
        if (attempts > 1) return submit(command)
        begin()
        return Promise.reject(new Error('nobody decides'))
      },
    })
    begin()
    await expect.poll(left).toEqual([])
    expect(types).toEqual(['UpdateMetaInstance'])
  })
})
