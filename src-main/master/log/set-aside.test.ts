import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setAside } from './set-aside'
import { writeSnapshot } from './snapshot'
import { declarations, names, ScratchLog } from '../testing/scratch-log'

let scratch: ScratchLog
beforeEach(() => void (scratch = new ScratchLog()))
afterEach(() => scratch.dispose())

describe('records that are set aside', () => {
  it.each([0, 1, 3, 4, 11, 12, 19, 20])('are those after the given one (%i), over several segments', async (after) => {
    await scratch.write(declarations(20), { segmentBytes: 900 })
    const aside = setAside({ directory: scratch.folder, after })
    expect(await scratch.declared()).toEqual(names(after))
    expect(scratch.warnings).toEqual([])
    expect(readdirSync(aside).length > 0).toBe(after < 20)
  })

  it('can be replaced by others', async () => {
    await scratch.write(declarations(9), { segmentBytes: 900 })
    setAside({ directory: scratch.folder, after: 5 })
    await scratch.write(declarations(2, 100), { segmentBytes: 900 })
    expect(await scratch.declared()).toEqual([...names(5), ...names(101).slice(-2)])
  })

  it('are kept if others are set aside after the same record', async () => {
    await scratch.write(declarations(9))
    const first = setAside({ directory: scratch.folder, after: 5 })
    const kept = readdirSync(first).map((name) => readFileSync(join(first, name)))
    await scratch.write(declarations(3, 100))
    const second = setAside({ directory: scratch.folder, after: 5 })
    expect(second).not.toBe(first)
    expect(readdirSync(first).map((name) => readFileSync(join(first, name)))).toEqual(kept)
  })

  it('are no longer in any snapshot', async () => {
    await scratch.write(declarations(9))
    for (const last of [4, 9]) {
      const { log, state } = scratch.open()
      await log.close()
      writeSnapshot(scratch.folder, { logEnd: { sequence: last, epochs: [] }, state })
    }
    setAside({ directory: scratch.folder, after: 5 })
    expect(readdirSync(scratch.directory).filter((name) => name.startsWith('snapshot'))).toEqual([
      'snapshot-00000000000000000004.json',
    ])
  })
})
