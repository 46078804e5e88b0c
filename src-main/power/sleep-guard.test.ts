import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { KeepAwake } from '@core/settings/keep-awake'
import { ModelId, NodeId } from '@core/ids'
import { eventually } from '@core/testing/eventually'
import { readyWorld } from '@core/testing/world'
import { drawsFromBattery, isOnBattery } from './battery'
import { SleepGuard } from './sleep-guard'
import { bySystemProgram, requestProgram, type SleepRequest } from './system-request'

/** A machine that runs a declared model, on a system that grants requests to stay awake. */
const machine = (start: { keepAwake: KeepAwake; onBattery?: boolean }) => {
  const { world } = readyWorld()
  const nodeId = NodeId.parse(Object.keys(world.state.nodes)[0])
  const now = { onBattery: false, ...start }
  const held = new Set<string>()
  let lose: (() => void) | undefined
  const listeners = new Set<() => void>()
  const told: unknown[] = []
  const logged: string[] = []
  const guard: SleepGuard = new SleepGuard({
    nodeId,
    source: {
      state: () => world.state,
      subscribe: (_event, reset = () => undefined) => {
        listeners.add(reset)
        return () => listeners.delete(reset)
      },
    },
    keepAwake: () => now.keepAwake,
    onBattery: () => Promise.resolve(now.onBattery),
    preventSleep: (why): SleepRequest => {
      held.add(why)
      return { onLost: (listener) => (lose = listener), release: () => void held.delete(why) }
    },
    onChange: () => told.push(guard.facts()),
    log: { info: (_, message) => void logged.push(message), warn: (_, message) => void logged.push(message) },
    checkEveryMs: 1e6,
    lingerMs: 1,
  })
  const download = (status: 'Ongoing' | 'Complete') => {
    const progress = { status, downloadedBytes: 1, totalBytes: 2 }
    world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: ModelId.parse('m/other'), download: progress })
    for (const listener of listeners) listener()
  }
  return { guard, now, held, told, logged, download, lose: () => lose?.() }
}

let close: (() => void) | undefined
afterEach(() => close?.())

const started = (start: Parameters<typeof machine>[0]) => {
  const one = machine(start)
  close = () => one.guard.close()
  return one
}

describe('keeping a machine awake', () => {
  it('holds one request while there is a reason, and says which', async () => {
    const { guard, held, download } = started({ keepAwake: 'never' })
    await guard.check()
    expect(guard.facts()).toEqual({ onBattery: false })
    download('Ongoing')
    await eventually(() => expect(held.size).toBe(1))
    expect([...held]).toEqual(['A model is being downloaded'])
    expect(guard.facts()).toEqual({ onBattery: false, awakeFor: 'download' })
    download('Complete')
    await eventually(() => expect(held.size).toBe(0))
    expect(guard.facts()).toEqual({ onBattery: false })
  })

  it('lets a laptop sleep when it goes on battery, where a declared model was the reason', async () => {
    const { guard, held, now } = started({ keepAwake: 'on-power' })
    await guard.check()
    expect(held.size).toBe(1)
    now.onBattery = true
    await guard.check()
    expect(held.size).toBe(0)
    expect(guard.facts()).toEqual({ onBattery: true })
  })

  it('follows a changed setting at the next check', async () => {
    const { guard, held, now } = started({ keepAwake: 'never' })
    await guard.check()
    now.keepAwake = 'always'
    await guard.check()
    expect([...held]).toEqual(['Models are kept running here'])
  })

  it('says that the machine may sleep when the system has dropped the request, and asks again later', async () => {
    const { guard, told, lose, held } = started({ keepAwake: 'always' })
    await guard.check()
    held.clear()
    lose()
    expect(guard.facts()).toEqual({ onBattery: false })
    expect(told.at(-1)).toEqual({ onBattery: false })
    await guard.check()
    expect(guard.facts()).toEqual({ onBattery: false, awakeFor: 'model' })
  })

  it('tells the log once that the system keeps no request, and again after it has kept one', async () => {
    const { guard, logged, lose, now } = started({ keepAwake: 'always' })
    const DROPPED = 'the system ends every request to keep this machine awake: it may sleep meanwhile'
    await guard.check()
    for (let time = 0; time < 3; time += 1) {
      lose()
      await guard.check()
    }
    expect(logged).toEqual(['this machine is kept awake', DROPPED])
    now.keepAwake = 'never'
    await guard.check()
    now.keepAwake = 'always'
    await guard.check()
    lose()
    expect(logged.slice(2)).toEqual(['this machine may sleep', 'this machine is kept awake', DROPPED])
  })

  it('makes no request after its end, where it had just asked for the battery', async () => {
    const { guard, held, told } = machine({ keepAwake: 'always' })
    guard.close()
    await guard.check()
    expect(held.size).toBe(0)
    expect(told).toEqual([])
  })

  it('leaves no request behind', async () => {
    const { guard, held } = started({ keepAwake: 'always' })
    await guard.check()
    guard.close()
    expect(held.size).toBe(0)
  })
})

describe('a request by a program', () => {
  it('is held by one that runs until the request is released', async () => {
    const request = bySystemProgram(() => ({ file: process.execPath, args: ['-e', 'process.stdin.resume()'] }))('why')
    const lost = vi.fn()
    request.onLost(lost)
    request.release()
    expect(lost).not.toHaveBeenCalled()
  })

  it.each([
    ['is missing', { file: '/nowhere/at-all', args: [] }],
    ['refuses', { file: process.execPath, args: ['-e', 'process.exit(1)'] }],
    ['does not exist for this system', undefined],
  ])('is lost where the program %s', async (_, program) => {
    const lost = vi.fn()
    bySystemProgram(() => program)('why').onLost(lost)
    await vi.waitUntil(() => lost.mock.calls.length === 1, { timeout: 30_000 })
  })

  it('ends with this process on both systems', () => {
    expect(requestProgram('darwin', 7, 'why')).toEqual({ file: '/usr/bin/caffeinate', args: ['-i', '-w', '7'] })
    expect(requestProgram('linux', 7, 'why')?.args.at(-1)).toBe('cat')
    expect(requestProgram('win32', 7, 'why')).toBeUndefined()
  })
})

describe('whether a machine is on battery', () => {
  const supplies = (all: Readonly<Record<string, Readonly<Record<string, string>>>>): string => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-supplies-'))
    for (const [name, files] of Object.entries(all)) {
      mkdirSync(join(folder, name))
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), `${text}\n`)
    }
    return folder
  }

  it.each([
    ['a desktop', {}, false],
    ['a laptop on power', { AC: { type: 'Mains', online: '1' }, BAT0: { type: 'Battery' } }, false],
    ['a laptop on battery', { AC: { type: 'Mains', online: '0' }, BAT0: { type: 'Battery' } }, true],
    ['a desktop with a mouse', { hid: { type: 'Battery', scope: 'Device' } }, false],
  ] as const)('is read on Linux: %s', async (_, all, expected) => {
    const folder = supplies(all)
    const run = () => Promise.resolve(undefined)
    expect(await isOnBattery({ run, platform: 'linux', supplies: folder })).toBe(expected)
    rmSync(folder, { recursive: true })
  })

  it.each([
    ["Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t85%; discharging; 3:10 remaining", true],
    ["Now drawing from 'AC Power'\n -InternalBattery-0 (id=1)\t100%; charged", false],
    ["Now drawing from 'AC Power'", false],
    ['', false],
  ])('is read on a Mac from %j', (printed, expected) => {
    expect(drawsFromBattery(printed)).toBe(expected)
  })
})
