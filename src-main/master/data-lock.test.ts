import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from './data-lock'

let dataDir: string
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'muster-lock-'))))
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const locks = (): string[] => readdirSync(join(dataDir, 'run')).sort()

/** Path and content of the current lock. */
const contents = (): { path: string; pid: number; start: string } => {
  const path = join(dataDir, 'run', locks().at(-1) ?? '')
  return { path, ...(JSON.parse(readFileSync(path, 'utf8')) as { pid: number; start: string }) }
}

/** A process id above the limit of all systems. */
const UNUSED_PID = 0x7ffffff0

describe('the lock of a data folder', () => {
  it('refuses a second process; the error names the folder, the process and the remedy', () => {
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

  it('can be taken again after each release', () => {
    for (let time = 0; time < 5; time += 1) lockDataDir(dataDir)()
    const unlock = lockDataDir(dataDir)
    expect(() => lockDataDir(dataDir)).toThrow('already running')
    expect(locks()).toHaveLength(1)
    unlock()
  })

  it('is taken over from a process that has ended', () => {
    lockDataDir(dataDir)
    const { path, start } = contents()
    writeFileSync(path, JSON.stringify({ pid: UNUSED_PID, start }))
    lockDataDir(dataDir)()
  })

  it('is taken over from a process whose id was reused', () => {
    lockDataDir(dataDir)
    const { path, pid } = contents()
    writeFileSync(path, JSON.stringify({ pid, start: 'an earlier boot 12345' }))
    lockDataDir(dataDir)()
  })

  it('is not taken over from a live process whose start time is unknown', () => {
    lockDataDir(dataDir)
    const { path, pid } = contents()
    writeFileSync(path, JSON.stringify({ pid, start: '' }))
    expect(() => lockDataDir(dataDir)).toThrow('already running')
  })

  it('does not depend on the system clock', () => {
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

  it.each(['', '{', '{"pid": -1}', 'null'])('with the content %j is free', (text) => {
    lockDataDir(dataDir)
    writeFileSync(contents().path, text)
    lockDataDir(dataDir)()
  })

  it('can be released after the folder was removed', () => {
    const unlock = lockDataDir(dataDir)
    rmSync(dataDir, { recursive: true })
    expect(unlock).not.toThrow()
  })

  it('goes to only one of two processes that find it stale, even if the other read it earlier', () => {
    lockDataDir(dataDir)
    const { path, start } = contents()
    writeFileSync(path, JSON.stringify({ pid: UNUSED_PID, start }))
    const unlock = lockDataDir(dataDir)
    // The slower process has read the folder before, and still sees the old lock.
    writeFileSync(path, JSON.stringify({ pid: UNUSED_PID, start }))
    expect(() => lockDataDir(dataDir)).toThrow('already running')
    unlock()
  })
})
