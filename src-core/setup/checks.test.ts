import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import type { PythonView } from '../protocols/setup'
import type { Node } from '../state/nodes'
import { inEnglish } from '../texts/english'
import { checksOf as codedChecks } from './checks'
import type { CheckId, CheckInputs, CheckState } from './check'

/** The checks in English. */
const checksOf = (inputs: CheckInputs) =>
  codedChecks(inputs).map(({ title, line, fix, ...check }) => ({
    ...check,
    title: inEnglish(title),
    line: inEnglish(line),
    fix: fix.map(({ text, ...step }) => ({ ...step, text: inEnglish(text) })),
  }))

const GB = 1e9

const mac: Node = {
  nodeId: NodeId.parse('a'.repeat(64)),
  version: '1',
  protocol: 1,
  chip: 'Apple M4 Max',
  model: { identifier: 'Mac16,5', name: 'MacBook Pro' },
  memory: { ramTotal: 64 * GB, ramAvailable: 40 * GB, heldByRunners: 0 },
  disk: { totalBytes: 1000 * GB, freeBytes: 400 * GB },
  thunderbolt: { ports: [{ receptacle: 1, maxGbps: 120, peers: [] }], bridges: [] },
  rdma: { status: 'enabled', devices: [] },
  os: { platform: 'darwin', release: '26.2', name: 'macOS 26.2' },
  worker: true,
}
const linux: Node = {
  ...mac,
  chip: 'AMD EPYC',
  model: undefined,
  thunderbolt: undefined,
  rdma: undefined,
  os: { platform: 'linux', release: '6', name: 'Debian' },
}
const good: CheckInputs = {
  node: mac,
  python: { status: 'ready' },
  sleep: { powerMinutes: 0, batteryMinutes: 1 },
  othersSeen: 1,
}

const find = (inputs: Partial<CheckInputs>, id: CheckId) =>
  checksOf({ ...good, ...inputs }).find((one) => one.id === id)
const withNode = (changes: Partial<Node>): Partial<CheckInputs> => ({ node: { ...mac, ...changes } })
const memory = (total: number, free: number) =>
  withNode({ memory: { ramTotal: total * GB, ramAvailable: free * GB, heldByRunners: 0 } })
const disk = (free: number) => withNode({ disk: { totalBytes: 500 * GB, freeBytes: free * GB } })
const python = (view: PythonView): Partial<CheckInputs> => ({ python: view })

describe('the checks of a machine', () => {
  it('find nothing to do on a good Mac', () => {
    const checks = checksOf(good)
    expect(checks.map(({ id }) => id)).toEqual([
      'python',
      'chip',
      'memory',
      'disk',
      'thunderbolt',
      'localNetwork',
      'sleep',
    ])
    expect(checks.filter(({ state, fix }) => state !== 'ok' || fix.length > 0)).toEqual([])
  })

  it('leave out what only a Mac has on other systems', () => {
    expect(checksOf({ ...good, node: linux }).map(({ id }) => id)).toEqual(['python', 'chip', 'memory', 'disk'])
  })

  const failing: readonly [string, CheckId, CheckState, Partial<CheckInputs>][] = [
    ['there is no Python', 'python', 'problem', python({ status: 'missing', reason: 'not installed' })],
    ['installing failed', 'python', 'problem', python({ status: 'failed', reason: 'no network', hint: 'Try again.' })],
    ['the chip is none of Apple’s', 'chip', 'problem', withNode({ chip: 'Intel Core i7' })],
    ['little memory is free', 'memory', 'problem', memory(64, 1)],
    ['there is little memory', 'memory', 'hint', memory(4, 3)],
    ['little disk is free', 'disk', 'hint', disk(10)],
    ['the disk is full', 'disk', 'problem', disk(1)],
    ['RDMA is off', 'thunderbolt', 'hint', withNode({ rdma: { status: 'disabled', devices: [] } })],
    ['macOS has no RDMA', 'thunderbolt', 'hint', withNode({ rdma: { status: 'unavailable', devices: [] } })],
    ['nobody is seen', 'localNetwork', 'hint', { othersSeen: 0 }],
    ['the Mac sleeps', 'sleep', 'hint', { sleep: { powerMinutes: 10, batteryMinutes: 1 } }],
    ['a Mac without a battery sleeps', 'sleep', 'hint', { sleep: { powerMinutes: 10 } }],
  ]
  it.each(failing)('say what to do if %s', (_, id, state, inputs) => {
    const check = find(inputs, id)
    expect(check?.state).toBe(state)
    expect(check?.fix.length).toBeGreaterThan(0)
  })

  it('speak of one minute, after which a Mac sleeps unless it was told otherwise', () => {
    const line = (powerMinutes: number) => find({ sleep: { powerMinutes, batteryMinutes: 1 } }, 'sleep')?.line
    expect([line(1), line(10)]).toEqual([
      'Sleeps after 1 minute without use on its power adapter; its models are not available then',
      'Sleeps after 10 minutes without use on its power adapter; its models are not available then',
    ])
  })

  it('show an installation’s progress, and why one failed', () => {
    const step = { title: 'Installing MLX and what it needs', at: 2, of: 5 }
    expect(find(python({ status: 'installing', step }), 'python')).toMatchObject({
      state: 'working',
      line: 'Installing MLX and what it needs · step 2 of 5',
    })
    expect(find(python({ status: 'failed', reason: 'no network' }), 'python')?.line).toContain('no network')
  })
})
