import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import type { NewRecord } from './record'
import { recordsAfter } from './log-reader'
import { encodeRecord } from './record'
import { SEGMENT_HEADER_BYTES } from './segment'
import { declarations, names, ScratchLog, SELF } from '../testing/scratch-log'

const refusal = (code: string, ...parts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(parts.join('.*')) as string })

let scratch: ScratchLog
beforeEach(() => void (scratch = new ScratchLog()))
afterEach(() => scratch.dispose())

const only = (): string => {
  const [path, ...others] = scratch.segments()
  if (path === undefined || others.length > 0) throw new Error('not one segment')
  return path
}

/** Writes three records; `middleAt` and `lastAt` are the offsets of the second and the third. */
const three = async (): Promise<{ path: string; bytes: Buffer; lastAt: number; middleAt: number }> => {
  await scratch.write(declarations(1))
  const path = only()
  const middleAt = statSync(path).size
  await scratch.write(declarations(1, 2))
  const lastAt = statSync(path).size
  await scratch.write(declarations(1, 3))
  return { path, bytes: readFileSync(path), lastAt, middleAt }
}

const changedAt = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 0x55
  return changed
}

describe('the event log', () => {
  it('returns what was appended, in order', async () => {
    await scratch.write(declarations(20))
    await scratch.write(declarations(5, 21))
    expect(await scratch.declared()).toEqual(names(25))
    expect(scratch.warnings).toEqual([])
  })

  it('is empty in a new folder', async () => {
    const { log, state, replayed } = scratch.open()
    await log.close()
    expect([log.sequence, replayed, state.metaInstances, state.term]).toEqual([0, 0, {}, 0])
  })

  it('keeps the latest term, even one without decisions', async () => {
    await scratch.write([{ kind: 'term', term: 4 }, ...declarations(1), { kind: 'term', term: 5 }])
    const { log, state } = scratch.open()
    await log.close()
    expect(state.term).toBe(5)
  })

  it('writes concurrent appends in the order of the calls', async () => {
    const { log } = scratch.open({ segmentBytes: 2000 })
    await Promise.all(declarations(50).map((record) => log.append([record])))
    await log.close()
    expect(await scratch.declared()).toEqual(names(50))
  })

  it('starts new segments by size, named after their first record', async () => {
    await scratch.write(declarations(30), { segmentBytes: 1000 })
    const segments = scratch.segments()
    expect(segments.length).toBeGreaterThan(5)
    expect(basename(segments[0] ?? '')).toBe('00000000000000000001.log')
    for (const path of segments.slice(0, -1)) expect(statSync(path).size).toBeLessThan(2000)
    expect(await scratch.declared()).toEqual(names(30))
  })

  it('starts new segments during uninterrupted appends too', async () => {
    const { log } = scratch.open({ segmentBytes: 1000 })
    let previous = Promise.resolve()
    for (const record of declarations(60)) {
      const next = log.append([record])
      await previous
      previous = next
    }
    await previous
    await log.close()
    expect(scratch.segments().length).toBeGreaterThan(2)
    expect(await scratch.declared()).toEqual(names(60))
  })

  it('refuses appends once it is closed, and completes those before', async () => {
    const { log } = scratch.open()
    const before = log.append(declarations(3))
    const closing = log.close()
    await expect(log.append(declarations(1, 4))).rejects.toEqual(refusal('closed'))
    await Promise.all([before, closing, log.close()])
    expect(await scratch.declared()).toEqual(names(3))
  })
})

describe('a torn write', () => {
  it('is truncated after the last valid record, at whichever byte it ends, with a copy and a warning', async () => {
    const { path, bytes, lastAt } = await three()
    for (let length = lastAt + 1; length < bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length))
      scratch.warnings.length = 0
      expect(await scratch.declared()).toEqual(names(2))
      const copy = `${path}.cut-${lastAt}`
      expect(readFileSync(copy)).toEqual(bytes.subarray(lastAt, length))
      expect(scratch.warnings).toEqual([expect.stringContaining(copy)])
      expect(statSync(path).size).toBe(lastAt)
      rmSync(copy)
    }
  })

  it('is truncated whichever byte of the last record is wrong', async () => {
    const { path, bytes, lastAt } = await three()
    for (let at = lastAt; at < bytes.length; at += 1) {
      writeFileSync(path, changedAt(bytes, at))
      expect(await scratch.declared()).toEqual(names(2))
    }
  })

  it.each([1, 7, 8, 9, 4096])('of %i zeros, as after a power cut, is truncated', async (count) => {
    const { path } = await three()
    appendFileSync(path, Buffer.alloc(count))
    expect(await scratch.declared()).toEqual(names(3))
    expect(scratch.warnings).toHaveLength(1)
  })

  it('leaves no trace in the records appended after it', async () => {
    const { path, bytes } = await three()
    writeFileSync(path, bytes.subarray(0, -1))
    await scratch.write(declarations(2, 3))
    scratch.warnings.length = 0
    expect(await scratch.declared()).toEqual(names(4))
    expect(scratch.warnings).toEqual([])
  })

  it('may be a segment that was just created', async () => {
    await scratch.write(declarations(2))
    const next = only().replace('1.log', '3.log')
    for (const content of [Buffer.alloc(0), Buffer.from('MST'), Buffer.from('MSTR'), Buffer.alloc(8)]) {
      writeFileSync(next, content)
      expect(await scratch.declared()).toEqual(names(2))
    }
    await scratch.write(declarations(1, 3))
    expect(await scratch.declared()).toEqual(names(3))
    expect(scratch.segments()).toHaveLength(2)
  })
})

describe('damage that is not a torn write', () => {
  it('to any byte of a record refuses to open, and names the file and the offset', async () => {
    const { path, bytes, lastAt, middleAt } = await three()
    for (let at = middleAt; at < lastAt; at += 1) {
      writeFileSync(path, changedAt(bytes, at))
      expect(() => scratch.open()).toThrow(refusal('log_damaged', path, `byte ${middleAt}`))
    }
    // The file is not changed, so repairing the byte restores everything.
    writeFileSync(path, bytes)
    expect(await scratch.declared()).toEqual(names(3))
  })

  it('by a file that is not a log refuses to open', async () => {
    const { path, bytes } = await three()
    writeFileSync(path, changedAt(bytes, 0))
    expect(() => scratch.open()).toThrow(refusal('log_damaged', path, 'byte 0'))
  })

  it('is distinguished from a log of a newer Muster', async () => {
    const { path, bytes } = await three()
    bytes.writeUInt32LE(2, 4)
    writeFileSync(path, bytes)
    expect(() => scratch.open()).toThrow(refusal('log_too_new', path))
  })

  it('at the end of a segment that is not the last refuses to open', async () => {
    await scratch.write(declarations(10), { segmentBytes: 500 })
    const [path = ''] = scratch.segments()
    const bytes = readFileSync(path)
    for (const length of [0, 3, 6, SEGMENT_HEADER_BYTES, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length))
      expect(() => scratch.open()).toThrow(refusal('log_damaged', path))
    }
    expect(existsSync(`${path}.cut-${SEGMENT_HEADER_BYTES}`)).toBe(false)
  })

  it.each([
    ['the first segment', 0],
    ['a segment between others', 2],
  ])('that removed %s refuses to open and says what is missing', async (_what, at) => {
    await scratch.write(declarations(10), { segmentBytes: 500 })
    rmSync(scratch.segments()[at] ?? '')
    expect(() => scratch.open()).toThrow(refusal('log_damaged', 'missing'))
  })

  it('that removed records which a snapshot covers refuses to open', async () => {
    const { path, bytes, lastAt } = await three()
    const { writeSnapshot } = await import('./snapshot')
    const { log, state } = scratch.open()
    await log.close()
    writeSnapshot(scratch.folder, { logEnd: { sequence: 3, epochs: [] }, state })
    writeFileSync(path, bytes.subarray(0, lastAt))
    expect(() => scratch.open()).toThrow(refusal('log_damaged', path, 'record 3 is missing, which a snapshot has seen'))
  })

  it('to the numbering refuses to open', async () => {
    const { path } = await three()
    const [record] = declarations(1, 5)
    if (!record) throw new Error('no record')
    appendFileSync(path, encodeRecord({ ...record, sequence: 5 }))
    expect(() => scratch.open()).toThrow(refusal('log_damaged', path, 'record 5 stands where 4 should'))
  })

  it('can be repaired as the hint says', async () => {
    const { path, bytes, middleAt } = await three()
    writeFileSync(path, changedAt(bytes, middleAt + 20))
    expect(() => scratch.open()).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining(`Restore ${scratch.directory} from a backup`) as string,
      }),
    )
    renameSync(scratch.directory, `${scratch.directory}-aside`)
    mkdirSync(scratch.directory)
    expect(await scratch.declared()).toEqual([])
    rmSync(`${scratch.directory}-aside`, { recursive: true })
  })
})

describe('the epochs of a log', () => {
  const other = NodeId.parse('other')
  const term = (number: number, master?: NodeId): NewRecord => ({
    kind: 'term',
    term: number,
    ...(master && { master }),
  })

  it('are known after appending, after a replay and after a snapshot', async () => {
    await scratch.write([term(1), ...declarations(2), term(2, other), ...declarations(1, 3)])
    const epochs = [
      { term: 1, master: SELF, from: 1 },
      { term: 2, master: other, from: 4 },
    ]
    const { log, state } = scratch.open()
    expect(log.logEnd).toEqual({ sequence: 5, epochs })
    await log.append([term(3, SELF)])
    const all = [...epochs, { term: 3, master: SELF, from: 6 }]
    expect(log.logEnd).toEqual({ sequence: 6, epochs: all })
    await log.close()
    const { writeSnapshot } = await import('./snapshot')
    writeSnapshot(scratch.folder, { logEnd: { sequence: 6, epochs: all }, state })
    const again = scratch.open()
    expect(again.replayed).toBe(0)
    expect(again.log.logEnd).toEqual({ sequence: 6, epochs: all })
    await again.log.close()
  })

  it('can be read again after any record, over several segments', async () => {
    await scratch.write([term(1), ...declarations(20)], { segmentBytes: 500 })
    expect(scratch.segments().length).toBeGreaterThan(2)
    for (const after of [0, 1, 7, 20, 21]) {
      const sequences: number[] = []
      for await (const { sequence } of recordsAfter(scratch.folder, after)) sequences.push(sequence)
      expect(sequences).toEqual(Array.from({ length: 21 - after }, (_, at) => after + at + 1))
    }
  })
})
