import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makePipes } from './pipes'

let runDir: string
beforeEach(() => void (runDir = mkdtempSync(join(tmpdir(), 'muster-pipes-'))))
afterEach(() => rmSync(runDir, { recursive: true, force: true }))

const openDescriptors = (): number => readdirSync('/dev/fd').length

describe('a runner’s pipes', () => {
  it.each([
    [false, ['commands', 'events']],
    [true, ['commands', 'events', 'side-channel-in', 'side-channel-out']],
  ])('with a side channel only where one is needed (%s), readable by this user alone', async (sideChannel, names) => {
    const pipes = await makePipes(runDir, { sideChannel })
    expect(readdirSync(pipes.directory).sort()).toEqual(names)
    expect(statSync(pipes.directory).mode & 0o777).toBe(0o700)
    for (const name of names) {
      const { mode } = statSync(join(pipes.directory, name))
      expect([mode & constants.S_IFMT, mode & 0o777]).toEqual([constants.S_IFIFO, 0o600])
    }
    await pipes.close()
    expect(readdirSync(runDir)).toEqual([])
  })

  it('of more runners than this process has threads open at once, before the other ends are open', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => makePipes(runDir, { sideChannel: true })))
    // Reading a file takes a thread of the pool: none of them may be blocked by a pipe.
    expect(readFileSync(import.meta.filename, 'utf8')).not.toBe('')
    const { open } = await import('node:fs/promises')
    await (await open(import.meta.filename)).close()
    await Promise.all(all.map((pipes) => pipes.close()))
    expect(readdirSync(runDir)).toEqual([])
  })

  it('carry rounds both ways', async () => {
    const pipes = await makePipes(runDir, { sideChannel: true })
    const out = openSync(join(pipes.directory, 'side-channel-out'), constants.O_WRONLY)
    const back = openSync(join(pipes.directory, 'side-channel-in'), constants.O_RDONLY)
    const heard = once(pipes.sideChannel?.out ?? process, 'data')
    writeSync(out, 'a part')
    expect(String((await heard)[0])).toBe('a part')
    pipes.sideChannel?.in.write('all parts')
    await pipes.close()
    expect(readFileSync(back, 'utf8')).toBe('all parts')
    for (const fd of [out, back]) closeSync(fd)
  })

  it('are all closed and removed where one of them cannot be opened', async () => {
    const before = openDescriptors()
    await expect(makePipes(join(runDir, 'missing'), { sideChannel: true })).rejects.toThrow('ENOENT')
    // Without PATH mkfifo is not found.
    const { PATH } = process.env
    process.env['PATH'] = ''
    await expect(makePipes(runDir, { sideChannel: true }).finally(() => (process.env['PATH'] = PATH))).rejects.toThrow()
    expect(readdirSync(runDir)).toEqual([])
    expect(openDescriptors()).toBe(before)
  })
})
