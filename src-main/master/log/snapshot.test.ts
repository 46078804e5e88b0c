import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newestSnapshot, writeSnapshot } from './snapshot'
import { declarations, names, ScratchLog } from '../testing/scratch-log'

let scratch: ScratchLog
beforeEach(() => void (scratch = new ScratchLog()))
afterEach(() => scratch.dispose())

const snapshots = (): string[] => readdirSync(scratch.directory).filter((name) => name.startsWith('snapshot'))

/** Appends declarations up to `count` in all, and writes a snapshot. Returns its path. */
const snapshotAfter = async (count: number): Promise<string> => {
  const { log, state: before } = scratch.open({ segmentBytes: 500 })
  const have = Object.keys(before.metaInstances).length
  for (const record of declarations(count - have, have + 1)) await log.append([record])
  await log.close()
  const { log: again, state } = scratch.open()
  await again.close()
  writeSnapshot(scratch.folder, { logEnd: again.logEnd, state })
  return join(scratch.directory, snapshots().at(-1) ?? '')
}

describe('a snapshot', () => {
  it('replaces the replay of the records that it covers', async () => {
    await snapshotAfter(10)
    await scratch.write(declarations(3, 11))
    const { log, state, replayed } = scratch.open()
    await log.close()
    expect(replayed).toBe(3)
    expect(Object.keys(state.metaInstances)).toEqual(names(13))
  })

  it('has the state that a full replay gives', async () => {
    await snapshotAfter(10)
    await scratch.write(declarations(3, 11))
    const quick = scratch.open()
    await quick.log.close()
    for (const name of snapshots()) rmSync(join(scratch.directory, name))
    const full = scratch.open()
    await full.log.close()
    expect(full.replayed).toBe(13)
    expect(quick.state).toEqual(full.state)
  })

  it('is kept with the one before it, and no others', async () => {
    for (const count of [2, 4, 6, 8]) await snapshotAfter(count)
    expect(snapshots()).toEqual(['snapshot-00000000000000000006.json', 'snapshot-00000000000000000008.json'])
  })

  it('contains no observations', async () => {
    const { log, state } = scratch.open()
    await log.close()
    writeSnapshot(scratch.folder, { logEnd: { sequence: 0, epochs: [] }, state: { ...state, downloads: { a: {} } } })
    expect(newestSnapshot(scratch.folder, () => undefined)?.state.downloads).toEqual({})
  })
})

describe('a damaged snapshot', () => {
  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['changed', (bytes: Buffer) => Buffer.from(bytes.toString('utf8').replace('d3', 'd9'))],
    ['of an unknown version', () => Buffer.from('{"v":2}\n{}')],
  ])('that is %s is skipped for the one before it, with a warning', async (_how, damage) => {
    await snapshotAfter(4)
    const newest = await snapshotAfter(6)
    writeFileSync(newest, damage(readFileSync(newest)))
    const { log, state, replayed } = scratch.open()
    await log.close()
    expect(replayed).toBe(2)
    expect(Object.keys(state.metaInstances)).toEqual(names(6))
    expect(scratch.warnings).toEqual([expect.stringContaining(newest)])
  })

  it('like the one before it leaves everything to the log', async () => {
    await snapshotAfter(4)
    await snapshotAfter(6)
    for (const name of snapshots()) writeFileSync(join(scratch.directory, name), 'x')
    expect(await scratch.declared()).toEqual(names(6))
    expect(scratch.warnings).toHaveLength(2)
  })

  it('half written at a crash is ignored', async () => {
    await snapshotAfter(4)
    writeFileSync(join(scratch.directory, 'snapshot.draft'), 'half')
    expect(await scratch.declared()).toEqual(names(4))
    expect(scratch.warnings).toEqual([])
  })
})
