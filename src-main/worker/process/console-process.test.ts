import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startConsoleProcess } from './console-process'
import type { Exit } from './console'
import { loadTerminal, repairSpawnHelper, type Terminal } from './pseudo-terminal'

interface Ended {
  readonly exit: Exit
  readonly output: string
}

const run = (file: string, args: readonly string[], terminal?: Promise<Terminal | undefined>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    let output = ''
    const options = {
      ...{ file, args, env: { PATH: process.env['PATH'] ?? '' }, cwd: tmpdir() },
      onOutput: (text: string) => (output += text),
      onExit: (exit: Exit) => resolve({ exit, output }),
    }
    startConsoleProcess(options, terminal).catch(reject)
  })

/** Keeps the event loop busy, as a machine without time for this process does. */
const holdUp = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

const broken: Terminal = {
  spawn: () => {
    throw new Error('posix_spawnp failed.')
  },
}

const terminals = [
  ['a pseudo-terminal', loadTerminal()],
  ['plain pipes', Promise.resolve(undefined)],
] as const

describe.each(terminals)('a process over %s', (_name, terminal) => {
  it('reports all of its output before its exit code', async () => {
    const { exit, output } = await run('/bin/sh', ['-c', 'echo one; echo two >&2; exit 3'], terminal)
    expect(exit).toEqual({ code: 3, signal: undefined })
    expect(output.replaceAll('\r', '')).toBe('one\ntwo\n')
  })

  it('reports the last of its output also to a process that is held up', async () => {
    // Many times what is read at once of a terminal, and of a pipe; the signs are of two bytes, at odd places.
    const script = 'printf a; yes é | head -n 100000 | tr -d "\\n"; echo; echo the end'
    let output = ''
    const exit = await new Promise<Exit>((resolve, reject) => {
      const options = {
        ...{ file: '/bin/sh', args: ['-c', script], env: { PATH: process.env['PATH'] ?? '' }, cwd: tmpdir() },
        onOutput: (text: string) => {
          output += text
          // Longer than either waits for output after the end.
          if (output.length > 90_000) holdUp(250)
        },
        onExit: resolve,
      }
      startConsoleProcess(options, terminal).catch(reject)
    })
    expect(exit).toEqual({ code: 0, signal: undefined })
    expect(output.replaceAll('\r', '')).toBe(`a${'é'.repeat(100_000)}\nthe end\n`)
  })

  it('reports the signal that ended it', async () => {
    const { exit } = await run('/bin/sh', ['-c', 'kill -KILL $$'], terminal)
    expect(exit).toEqual({ code: undefined, signal: 'SIGKILL' })
  })

  it('says why it could not be started', async () => {
    const { exit, output } = await run('/nowhere/python', [], terminal)
    expect(exit.code).not.toBe(0)
    expect(output).toMatch(/ENOENT|No such file/)
  })
})

it('has a terminal here, so that the tests above mean it', async () => {
  expect(await loadTerminal()).toBeDefined()
})

it('runs over plain pipes, and says so, where a terminal cannot be made', async () => {
  const { exit, output } = await run('/bin/sh', ['-c', 'echo hello'], Promise.resolve(broken))
  expect(exit.code).toBe(0)
  expect(output).toBe('(without a terminal: posix_spawnp failed.)\nhello\n')
})

describe('the spawn helper of node-pty', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is made executable where its package forgot to, and other files are left alone', () => {
    const helper = join(folder, 'prebuilds', 'darwin-arm64', 'spawn-helper')
    const addon = join(folder, 'prebuilds', 'darwin-arm64', 'pty.node')
    mkdirSync(join(folder, 'prebuilds', 'darwin-arm64'), { recursive: true })
    for (const path of [helper, addon]) writeFileSync(path, '', { mode: 0o644 })
    repairSpawnHelper(folder, 'darwin-arm64')
    expect(statSync(helper).mode & 0o777).toBe(0o755)
    expect(statSync(addon).mode & 0o777).toBe(0o644)
  })

  it('need not be there', () => {
    expect(() => repairSpawnHelper(folder, 'darwin-x64')).not.toThrow()
  })
})
