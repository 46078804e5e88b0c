import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RunnerEnvironment, type RunnerEnvironmentOptions } from './runner-environment'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-environment-'))
  writeFileSync(join(dataDir, 'requirements.txt'), 'mlx==1 --hash=sha256:00\n')
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

/** Programs that end as they are told, by the first word that names them. */
const programs = (outcomes: Readonly<Record<string, { code: number; prints?: string }>> = {}) => {
  const started: string[] = []
  const startProcess: RunnerEnvironmentOptions['startProcess'] = ({ file, args, onOutput, onExit }) => {
    const name = args[0] === '-c' ? 'try' : (args[0] ?? file)
    started.push(name)
    if (name === 'venv') {
      mkdirSync(join(dataDir, 'runner-environment', 'bin'), { recursive: true })
      writeFileSync(join(dataDir, 'runner-environment', 'bin', 'python'), '')
    }
    const { code, prints = '' } = outcomes[name] ?? { code: 0 }
    queueMicrotask(() => {
      onOutput(prints)
      onExit({ code, signal: undefined })
    })
    return Promise.resolve({ kill: () => undefined })
  }
  return { started, startProcess }
}

const open = (options: Partial<RunnerEnvironmentOptions> = {}) =>
  RunnerEnvironment.open({
    uv: '/app/bin/uv',
    requirements: join(dataDir, 'requirements.txt'),
    source: '/app/native-runner/src',
    dataDir,
    env: {},
    retryAfterMs: [],
    startProcess: programs().startProcess,
    log: { info: () => undefined, warn: () => undefined },
    ...options,
  })

describe('the runner’s Python environment', () => {
  it('is missing at first, and ready once every step was done, also after a restart', async () => {
    const { started, startProcess } = programs()
    const environment = await open({ startProcess })
    expect(environment.status()).toEqual({ status: 'missing' })
    await environment.install()
    expect(started).toEqual(['venv', 'pip', 'try'])
    const ready = { status: 'ready', python: join(dataDir, 'runner-environment', 'bin', 'python') }
    expect(environment.status()).toEqual(ready)
    expect((await open()).status()).toEqual(ready)
  })

  it('is made anew when other packages are pinned', async () => {
    await (await open()).install()
    writeFileSync(join(dataDir, 'requirements.txt'), 'mlx==2 --hash=sha256:00\n')
    expect((await open()).status()).toEqual({ status: 'missing' })
  })

  it('counts as missing where it was left half made', async () => {
    await (await open({ startProcess: programs({ try: { code: 1 } }).startProcess })).install()
    expect((await open()).status()).toEqual({ status: 'missing' })
  })

  it('names the step that failed with what it printed last, as plain text', async () => {
    const prints = 'one\r\ntwo\r\nthree\r\n10%\r20%\rfour\r\n\u001b[31mno route to pypi.org\u001b[0m\r\n'
    const { startProcess } = programs({ pip: { code: 2, prints } })
    const environment = await open({ startProcess })
    await environment.install()
    expect(environment.status()).toEqual({
      status: 'failed',
      title: 'Installing MLX and what it needs',
      lastLines: 'two\nthree\nfour\nno route to pypi.org',
    })
    expect(environment.console()).toContain('\u001b[31mno route')
  })

  it('is tried again by itself after a failure', async () => {
    const outcomes: Record<string, { code: number }> = { pip: { code: 2 } }
    const environment = await open({ startProcess: programs(outcomes).startProcess, retryAfterMs: [1] })
    await environment.install()
    delete outcomes['pip']
    await vi.waitUntil(() => environment.status().status === 'ready')
  })

  it('fails where the program cannot even be started', async () => {
    const environment = await open({ startProcess: () => Promise.reject(new Error('spawn ENOENT')) })
    await environment.install()
    expect(environment.status()).toMatchObject({ status: 'failed', lastLines: 'spawn ENOENT' })
  })

  it('runs one installation however often it is asked, and tells whoever listens', async () => {
    const { started, startProcess } = programs()
    const environment = await open({ startProcess })
    const seen: string[] = []
    environment.subscribe(() => seen.push(environment.status().status))
    await Promise.all([environment.install(), environment.install()])
    expect(started).toHaveLength(3)
    expect(seen).toContain('installing')
    expect(seen.at(-1)).toBe('ready')
  })

  it('ends a program that runs when it is closed, and tries no further', async () => {
    const started: string[] = []
    const environment = await open({
      startProcess: ({ args, onExit }) => {
        started.push(args[0] ?? '')
        return Promise.resolve({ kill: (signal) => onExit({ code: undefined, signal }) })
      },
    })
    void environment.install()
    await vi.waitUntil(() => started.length > 0)
    await environment.close()
    expect(started).toEqual(['venv'])
  })
})
