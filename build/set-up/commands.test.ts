import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { cache } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { CommandFailed, runCommand, withRetries } from './commands.mjs'

const { signal } = new AbortController()
const node = (script: string, options: { signal?: AbortSignal; timeLimitMs?: number } = {}) =>
  runCommand(process.execPath, ['-e', script], { log: 'test', signal, ...options })

const isRunning = (pid: number | undefined): boolean => {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('running a program', () => {
  it('returns its output', async () => {
    expect(await node('console.log("a"); console.error("b")')).toMatch(/a\n|b\n/)
  })

  it('fails with its exit code and output', async () => {
    const failure = await node('console.log("why"); process.exit(3)').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(CommandFailed)
    expect(failure).toMatchObject({ message: expect.stringContaining('ended with code 3'), output: 'why\n' })
  })

  it('goes on if its output cannot be kept, as on a full disk', async () => {
    const log = `test-${process.pid}-folder`
    const inTheWay = path.join(cache, 'set-up', `${log}.log`)
    await mkdir(inTheWay, { recursive: true })
    try {
      expect(await runCommand(process.execPath, ['-e', 'console.log("a")'], { log, signal })).toBe('a\n')
    } finally {
      await rm(inTheWay, { recursive: true })
    }
  })

  it('fails if the program does not exist', async () => {
    await expect(runCommand('/no/such/program', ['x'], { log: 'test', signal })).rejects.toThrow('could not be started')
  })

  it('is named without folders and options', async () => {
    const run = runCommand('/no/such/python', ['-m', 'pip', 'install', '--quiet', 'x'], { log: 'test', signal })
    await expect(run).rejects.toThrow(/^python -m pip install could not/)
  })

  it('ends it after its time limit', async () => {
    await expect(node('setInterval(() => {}, 1000)', { timeLimitMs: 50 })).rejects.toThrow('took longer than')
  })

  it('ends it and its child processes when it is interrupted', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'muster-commands-'))
    try {
      const pids = path.join(folder, 'pids')
      const script = `
        const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
        require('fs').writeFileSync('${pids}.draft', process.pid + ' ' + child.pid)
        require('fs').renameSync('${pids}.draft', '${pids}')
        setInterval(() => {}, 1000)`
      const stop = new AbortController()
      const running = node(script, { signal: stop.signal })
      const [parent, child] = await eventually(async () => (await readFile(pids, 'utf8')).split(' ').map(Number))
      stop.abort(new Error('interrupted'))
      await expect(running).rejects.toThrow('interrupted')
      await eventually(() => expect([parent, child].filter(isRunning)).toEqual([]))
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('retrying', () => {
  const options = { signal, pausesMs: [0, 0], onRetry: () => undefined }

  it('continues until it succeeds, and stops then', async () => {
    const results = [Promise.reject(new Error('1')), Promise.resolve('done'), Promise.reject(new Error('never'))]
    for (const result of results) result.catch(() => undefined)
    let turn = 0
    expect(await withRetries(() => results[turn++] ?? Promise.reject(new Error('too often')), options)).toBe('done')
    expect(turn).toBe(2)
  })

  it('gives up with the last failure', async () => {
    let turn = 0
    await expect(withRetries(() => Promise.reject(new Error(String(++turn))), options)).rejects.toThrow('3')
  })

  it('does not retry what only a person can fix', async () => {
    let turns = 0
    const work = () => {
      turns += 1
      return Promise.reject(new SetUpProblem({ message: 'no Python', hint: 'Install one.' }))
    }
    await expect(withRetries(work, options)).rejects.toThrow('no Python')
    expect(turns).toBe(1)
  })
})
