import { statSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Directory, OpenFile } from '../../disk/directory'
import { declarations, names, ScratchLog } from '../testing/scratch-log'

/** Injected faults; everything else is done by the real disk. */
const disk = {
  syncs: 0,
  /** Free space in bytes. */
  room: Infinity,
  refusesSync: false,
  refusesSegments: false,
}

const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code })

const failingFile = (real: OpenFile): OpenFile => ({
  get size() {
    return real.size
  },
  write: async (bytes, { offset, position }) => {
    const fits = Math.min(bytes.length - offset, disk.room)
    disk.room -= fits
    if (fits === 0) throw failure('ENOSPC')
    return real.write(bytes.subarray(0, offset + fits), { offset, position })
  },
  sync: async () => {
    disk.syncs += 1
    if (disk.refusesSync) throw failure('EIO')
    await real.sync()
  },
  writeSync: (bytes) => real.writeSync(bytes),
  syncSync: () => real.syncSync(),
  truncateSync: (size) => real.truncateSync(size),
  close: () => real.close(),
})

const failingFolder = (real: Directory): Directory => ({
  ...real,
  open: (name, contents) => {
    if (disk.refusesSegments && !real.has(name)) throw failure('EROFS')
    return failingFile(real.open(name, contents))
  },
})

let scratch: ScratchLog
beforeEach(() => {
  Object.assign(disk, { syncs: 0, room: Infinity, refusesSync: false, refusesSegments: false })
  scratch = new ScratchLog(failingFolder)
})
afterEach(() => scratch.dispose())

describe('group commit', () => {
  it('syncs once for everything that arrives while another sync runs', async () => {
    const { log } = scratch.open()
    await Promise.all(declarations(1000).map((record) => log.append([record])))
    expect(disk.syncs).toBe(2)
    await log.close()
    expect(await scratch.declared()).toEqual(names(1000))
  })

  it('reports a flush only when everything is durable', async () => {
    const { log } = scratch.open()
    const seen: string[] = []
    const appended = log.append(declarations(1)).then(() => seen.push('appended'))
    await Promise.all([appended, log.flushed().then(() => seen.push('flushed'))])
    expect(seen).toEqual(['appended', 'flushed'])
    await log.flushed()
    await log.close()
  })
})

describe('a disk that is full', () => {
  it('fails the whole batch that does not fit, and everything queued behind it', async () => {
    const { log } = scratch.open()
    await log.append(declarations(3))
    // Room for the first append, and for more than one but not all records of the second.
    disk.room = 700
    const results = await Promise.allSettled([
      log.append(declarations(1, 4)),
      log.append(declarations(3, 5)),
      log.flushed(),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await expect(log.append(declarations(1, 9))).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('is full: nothing was changed') as string,
    })
    await log.close()
    disk.room = Infinity
    expect(await scratch.declared()).toEqual(names(4))
    expect(scratch.warnings).toEqual([])
  })

  it('is left as it was before the batch that did not fit', async () => {
    const { log } = scratch.open()
    await log.append(declarations(1))
    const path = scratch.segments()[0] ?? ''
    const { size } = statSync(path)
    disk.room = 500
    await expect(log.append(declarations(3, 2))).rejects.toMatchObject({ code: 'disk_full' })
    expect(statSync(path).size).toBe(size)
    await log.close()
  })
})

describe('a disk that fails', () => {
  it('acknowledges nothing that it did not sync', async () => {
    const { log } = scratch.open()
    await log.append(declarations(2))
    disk.refusesSync = true
    await expect(log.append(declarations(1, 3))).rejects.toMatchObject({
      code: 'disk_failed',
      message: expect.stringContaining('EIO') as string,
    })
    await log.close()
    expect(await scratch.declared()).toEqual(names(2))
  })

  it('that refuses a new segment fails the records for it, not those that are durable', async () => {
    const { log } = scratch.open({ segmentBytes: 300 })
    disk.refusesSegments = true
    await log.append(declarations(1))
    await expect(log.append(declarations(1, 2))).rejects.toMatchObject({ code: 'disk_failed' })
    await log.close()
    disk.refusesSegments = false
    await scratch.write(declarations(1, 2), { segmentBytes: 300 })
    expect(await scratch.declared()).toEqual(names(2))
  })

  it('never gets a record that is too large to be read back', async () => {
    const { log } = scratch.open()
    const event = { type: 'SettingChanged', change: { key: 'name', value: 'x'.repeat(17 * 1024 * 1024) } } as const
    const record = { kind: 'decision', envelope: { v: 1, index: 1, term: 1, at: 1, event } } as const
    await expect(log.append([record])).rejects.toMatchObject({ code: 'disk_failed' })
    await log.close()
    expect(await scratch.declared()).toEqual([])
  })
})
