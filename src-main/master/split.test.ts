import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Command } from '@core/commands/command'
import { emptyState } from '@core/state/state'
import { logDirectory, openLogFolder, type LogFolder } from './log-folder'
import { setRecordsAside, submitAgain } from './split'
import { declarations, SELF } from './testing/scratch-log'

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
