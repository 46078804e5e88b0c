import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Decision } from '@core/events/event'
import { InstanceId, MetaInstanceId, ModelId, RunnerId } from '@core/ids'
import type { NewRecord } from './record'
import type { LogFolder } from './log-folder'
import { firstSequenceOf } from './segment'
import { isSnapshot } from './snapshot'
import { Storage } from './storage'
import { declaration, SELF } from '../testing/scratch-log'

let dataDir: string
let opened: Storage[]
const log = { info: vi.fn(), warn: vi.fn() }
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-compaction-'))
  opened = []
})
afterEach(async () => {
  for (const storage of opened) await storage.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const folder = (): LogFolder => ({ dataDir, nodeId: SELF, log })
const open = () => {
  const { storage, state, replayed } = Storage.open(folder())
  opened.push(storage)
  return { storage, state, replayed }
}
const directory = () => join(dataDir, 'log')
const files = (is: (name: string) => boolean) => readdirSync(directory()).filter(is).sort()
const segments = () => files((name) => firstSequenceOf(name) !== undefined)

const HOUR = 3_600_000
const start = Date.UTC(2026, 0, 1)
const failing = MetaInstanceId.parse('failing')

const placed = (instanceId: InstanceId): Decision => ({
  type: 'InstanceCreated',
  instance: {
    instanceId,
    metaInstanceId: failing,
    modelId: ModelId.parse('m/small'),
    sharding: 'Pipeline',
    instanceMeta: 'MlxRing',
    shards: [
      {
        ...{ nodeId: SELF, runnerId: RunnerId.parse(instanceId), rank: 0, worldSize: 1 },
        ...{ startLayer: 0, endLayer: 32, layers: 32 },
      },
    ],
    claims: { [SELF]: 4e9 },
    createdAt: start,
  },
})

/** Records of a declaration whose instance fails once an hour, with consecutive indexes. */
class Failures {
  private index = 0
  private tries = 0

  decided(...events: Decision[]): NewRecord[] {
    return events.map((event) => ({
      kind: 'decision',
      envelope: { v: 1, index: ++this.index, term: 1, at: start + this.tries * HOUR, event },
    }))
  }

  /** Records of `tries` failures, with `causes` different causes in turn. */
  more(tries: number, { causes = 1 } = {}): NewRecord[] {
    return Array.from({ length: tries }, () => {
      this.tries += 1
      const instanceId = InstanceId.parse(`instance-${this.tries}`)
      const failureError = `no answer at port ${50_000 + (this.tries % causes)}`
      return this.decided(placed(instanceId), {
        type: 'InstanceDeleted',
        instanceId,
        failureError,
        cause: 'runners',
      })
    }).flat()
  }
}

const append = async (storage: Storage, records: NewRecord[]): Promise<void> => {
  for (let at = 0; at < records.length; at += 250) await storage.log.append(records.slice(at, at + 250))
  // A running snapshot may not cover all records: the second call waits for one that does.
  await storage.takeSnapshot()
  await storage.takeSnapshot()
}

const sizeOf = (path: string): number =>
  statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : statSync(path).size

describe('a log with a declaration that never stops failing', () => {
  const failures = (): Failures => new Failures()

  it('stays bounded in size and replay, and keeps its state', async () => {
    const all = failures()
    const { storage } = open()
    await append(storage, all.decided(declaration('failing')))
    const sizes: number[] = []
    for (let round = 0; round < 8; round += 1) {
      await append(storage, all.more(1250))
      sizes.push(sizeOf(dataDir))
    }
    const [, , third = 0] = sizes
    expect(Math.max(...sizes)).toBeLessThan(1.3 * third)
    // A new leader continues from memory, which must equal what a restart would read.
    expect(storage.state).toEqual(storage.durableState())
    const { state } = storage.log
    await storage.close()
    const again = open()
    expect(again.replayed).toBeLessThan(2500)
    expect(again.state.metaInstances).toEqual(state.metaInstances)
    expect(again.storage.log.sequence).toBe(20_001)
  })

  it('keeps the newest decisions of the declaration, and counts earlier ones by day', async () => {
    const all = failures()
    const { storage } = open()
    await append(storage, all.decided(declaration('failing'), declaration('other')))
    for (let round = 0; round < 3; round += 1) await append(storage, all.more(1100, { causes: 1000 }))
    await storage.log.append(all.more(10, { causes: 1000 }))
    const { events, days } = await storage.history(failing)
    expect(events).toHaveLength(500)
    expect(events.at(-1)?.event.type).toBe('InstanceDeleted')
    expect(events.at(-1)?.at).toBe(start + 3310 * HOUR)
    expect(days.reduce((sum, { events: count }) => sum + count, 0)).toBe(2 * 3310 + 1 - 500)
    expect(days[1]).toMatchObject({ day: '2026-01-02', events: 48, failures: 24 })
    const other = await storage.history(MetaInstanceId.parse('other'))
    expect(other.events.map(({ event }) => event.type)).toEqual(['MetaInstanceCreated'])
  })

  it('stores consecutive failures with one cause as one counted entry, between what people changed before and after', async () => {
    const all = failures()
    const { storage } = open()
    await append(storage, all.decided(declaration('failing')))
    for (let round = 0; round < 3; round += 1) await append(storage, all.more(1100))
    const changed: Decision = { type: 'MetaInstanceUpdated', metaInstanceId: failing, changes: { maxContext: 2048 } }
    await storage.log.append([...all.decided(changed), ...all.more(2)])
    const { events, days } = await storage.history(failing)
    expect(events.map(({ event, repeated }) => [event.type, repeated?.times])).toEqual([
      ['MetaInstanceCreated', undefined],
      ['InstanceCreated', undefined],
      ['InstanceDeleted', 3300],
      ['MetaInstanceUpdated', undefined],
      ['InstanceCreated', undefined],
      ['InstanceDeleted', 2],
    ])
    expect(events[2]?.repeated?.since).toBe(start + HOUR)
    expect(days).toEqual([])
  })

  it('counts failures per machine if several are tried in turn', async () => {
    const all = failures()
    const { storage } = open()
    await append(storage, all.decided(declaration('failing')))
    for (let round = 0; round < 3; round += 1) await append(storage, all.more(1100, { causes: 3 }))
    await storage.log.append(all.more(3, { causes: 3 }))
    const { events, days } = await storage.history(failing)
    const failed = events.filter(({ event }) => event.type === 'InstanceDeleted')
    expect(failed.map(({ repeated }) => repeated?.times)).toEqual([1101, 1101, 1101])
    expect(events.length).toBeLessThan(10)
    expect(days).toEqual([])
  })

  it('opens from the previous snapshot if the newest is damaged', async () => {
    const all = failures()
    const { storage } = open()
    await append(storage, all.decided(declaration('failing')))
    for (let round = 0; round < 4; round += 1) await append(storage, all.more(1100))
    const { metaInstances } = storage.log.state
    await storage.close()
    expect(segments()[0]).not.toBe('00000000000000000001.log')
    const newest = join(directory(), files(isSnapshot).at(-1) ?? '')
    writeFileSync(newest, readFileSync(newest).subarray(0, -1))
    expect(open().state.metaInstances).toEqual(metaInstances)
  })

  it('refuses to open if neither snapshot can be read, because compacted records are nowhere else', async () => {
    const all = failures()
    const { storage } = open()
    for (let round = 0; round < 4; round += 1) await append(storage, all.more(1100))
    await storage.close()
    for (const name of files(isSnapshot)) writeFileSync(join(directory(), name), '')
    expect(() => open()).toThrow(/earlier segments are missing/)
  })

  it('is discarded as a whole if it was compacted past the record at which another log diverged', async () => {
    const all = failures()
    const { storage } = open()
    await append(storage, all.decided(declaration('failing')))
    for (let round = 0; round < 4; round += 1) await append(storage, all.more(1100))
    const left = await storage.rewind(5, 'merged')
    expect(left.sequence).toBe(0)
    const kept = files((name) => name.startsWith('split-'))
    expect(kept).toHaveLength(1)
    expect(readFileSync(join(directory(), kept[0] ?? ''), 'utf8')).toContain('"failing"')
    await storage.close()
    // Until the other log arrives the old state is shown, because it names the members.
    const { storage: empty, state } = open()
    expect([empty.log.sequence, Object.keys(state.metaInstances)]).toEqual([0, ['failing']])
    await empty.log.append([{ kind: 'term', term: 1, master: SELF }])
    expect(empty.log.state.metaInstances).toEqual({})
    await empty.close()
  })
})
