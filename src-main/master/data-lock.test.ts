import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from './data-lock'

let dataDir: string
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'muster-lock-'))))
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const locks = (): string[] => readdirSync(join(dataDir, 'run')).sort()

/** What the current lock says. */
const contents = (): { path: string; pid: number; start: string } => {
  const path = join(dataDir, 'run', locks().at(-1) ?? '')
  return { path, ...(JSON.parse(readFileSync(path, 'utf8')) as { pid: number; start: string }) }
}

/** No process has this id: it is beyond what systems give out. */
const NOBODY = 0x7ffffff0

describe('the lock of a data folder', () => {
  it('refuses a second one, and names the folder, the process and the way out', () => {
    const unlock = lockDataDir(dataDir)
    expect(() => lockDataDir(dataDir)).toThrow(
      expect.objectContaining({
        code: 'data_dir_in_use',
        message: `Muster is already running on ${dataDir} (process ${process.pid})`,
        hint: expect.stringContaining('--data-dir') as string,
      }),
    )
    unlock()
  })

  it('can be taken again once it was given back, as often as one likes', () => {
    for (let time = 0; time < 5; time += 1) lockDataDir(dataDir)()
    const unlock = lockDataDir(dataDir)
    expect(() => lockDataDir(dataDir)).toThrow('already running')
    expect(locks()).toHaveLength(1)
    unlock()
  })

  it('is taken over from a process that is gone', () => {
    lockDataDir(dataDir)
    const { path, start } = contents()
    writeFileSync(path, JSON.stringify({ pid: NOBODY, start }))
    lockDataDir(dataDir)()
  })

  it('is taken over from a process whose id another one has now', () => {
    lockDataDir(dataDir)
    const { path, pid } = contents()
    writeFileSync(path, JSON.stringify({ pid, start: 'an earlier boot 12345' }))
    lockDataDir(dataDir)()
  })

  it('is not taken over from a process of which the system does not say when it began', () => {
    lockDataDir(dataDir)
    const { path, pid } = contents()
    writeFileSync(path, JSON.stringify({ pid, start: '' }))
    expect(() => lockDataDir(dataDir)).toThrow('already running')
  })

  it('does not depend on the time of day', () => {
    const { now } = Date
    const unlock = lockDataDir(dataDir)
    Date.now = () => now() + 3_600_000
    try {
      expect(() => lockDataDir(dataDir)).toThrow('already running')
    } finally {
      Date.now = now
      unlock()
    }
  })

  it.each(['', '{', '{"pid": -1}', 'null'])('that says %j is nobody’s', (text) => {
    lockDataDir(dataDir)
    writeFileSync(contents().path, text)
    lockDataDir(dataDir)()
  })

  it('is given back also where the folder is gone', () => {
    const unlock = lockDataDir(dataDir)
    rmSync(dataDir, { recursive: true })
    expect(unlock).not.toThrow()
  })

  it('of two that find it left behind goes to one, even when the other was slow to look', () => {
    lockDataDir(dataDir)
    const { path, start } = contents()
    writeFileSync(path, JSON.stringify({ pid: NOBODY, start }))
    const unlock = lockDataDir(dataDir)
    // The slower one still sees the old lock beside the new one.
    writeFileSync(path, JSON.stringify({ pid: NOBODY, start }))
    expect(() => lockDataDir(dataDir)).toThrow('already running')
    unlock()
  })
})
