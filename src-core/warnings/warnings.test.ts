import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NodeId } from '../ids'
import { Macs } from '../testing/macs'
import { serving } from '../testing/serving-macs'
import { State } from '../state/state'
import { aboutOf, englishWarning, Severity, Warning } from './warning'
import { warningsOf } from './warnings'

const warnings = (state: State): Warning[] => warningsOf(state).map(englishWarning)

const DOMAINS = '[jaccl] RDMA ran out of resources that only a restart of this Mac gives back'
const RECEIVE = '[jaccl] the RDMA connection to another machine was lost'
const KILLED = '[jaccl] killed while it used RDMA: its protection domain may leak until this Mac restarts'

const codesOf = (state: State): string[] => warnings(state).map(({ code }) => code)
const codes = (macs: Macs): string[] => codesOf(macs.state)

describe('warnings', () => {
  it('are empty if all is well, with RDMA and without', () => {
    expect(warnings(new Macs().state)).toEqual([])
    const { macs, id } = serving()
    expect(macs.instance(id).instanceMeta).toBe('MlxJaccl')
    expect(warnings(macs.state)).toEqual([])
  })

  it('are the same for the same state, and as their schema says', () => {
    const { macs, id } = serving()
    macs.mac('Mac mini', { cannotRun: 'There is no Python 3.11.' })
    macs.fail(id, `RuntimeError: ${RECEIVE}`)
    const [first, again] = [warnings(macs.state), warnings(structuredClone(macs.state))]
    expect(first).toEqual(again)
    expect(Warning.array().parse(first)).toEqual(first)
  })

  it('follow a state that is always the same object with other families, as the app’s is', () => {
    let current = new Macs().state
    const family = (key: keyof State) => [key, { enumerable: true, get: () => current[key] }] as const
    const live = Object.defineProperties({}, Object.fromEntries(State.keyof().options.map(family))) as State
    expect(codesOf(live)).toEqual([])
    const macs = new Macs()
    const nodes = [macs.mac('MacBook Pro'), macs.mac('Mac Studio')] as const
    macs.cable([nodes[0], 1], [nodes[1], 1], { gbps: 40 })
    macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2 })
    current = macs.state
    expect(codesOf(live)).toContain('slow-cable')
    expect(warnings(live)).toEqual(warnings(current))
    macs.command({ type: 'RenameMember', nodeId: nodes[0], friendlyName: 'Kitchen' })
    current = macs.state
    expect(warnings(live)).toEqual(warnings(structuredClone(current)))
  })

  it('begin with the most severe', () => {
    const { macs, nodes, id } = serving()
    macs.says(macs.mac('Mac mini', { cannotRun: 'There is no Python 3.11.' }), {})
    macs.says(nodes[0], { rdma: { status: 'enabled', devices: [], killedRunners: 2 } })
    macs.fail(id, RECEIVE)
    expect(warnings(macs.state).map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'error jaccl-error',
      'warning cannot-run',
      'hint protection-domains',
    ])
  })

  it('link to their subject in the app', () => {
    const { macs, id } = serving()
    macs.fail(id, RECEIVE)
    macs.mac('Mac mini', { cannotRun: 'There is no Python 3.11.' })
    expect(warnings(macs.state).map(({ about }) => about)).toEqual([
      '/cluster?model=chat',
      '/cluster?machine=Mac%20mini',
    ])
  })
})

describe('warnings of any cluster', () => {
  const NAMES = ['a', 'b', 'c', 'd']
  const mac = fc.record({
    maxGbps: fc.constantFrom(40, 120),
    bridge: fc.subarray(['en2', 'en3', 'en4', 'en9; reboot']),
    bridgeActive: fc.boolean(),
    model: fc.constantFrom('Mac15,14', 'Mac16,11'),
    version: fc.constantFrom('0.1.0', '0.2.0'),
    rdma: fc.record({ status: fc.constantFrom('enabled', 'disabled', 'unavailable', 'unknown' as const) }),
    os: fc.record({ version: fc.constantFrom('26.2', '26.5') }),
  })
  const end = fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 }))
  const COMMANDS = [
    /^sudo \/sbin\/ifconfig bridge0 deletem en\d$/,
    /^sudo \/usr\/sbin\/ipconfig set en\d DHCP$/,
    /^(?:rdma_ctl (?:enable|status)|sw_vers|system_profiler SPThunderboltDataType|muster update)$/,
  ]

  it('are unique, most severe first, about machines that exist, with safe commands', () => {
    fc.assert(
      fc.property(
        fc.array(mac, { minLength: 4, maxLength: 4 }),
        fc.array(fc.tuple(end, end, fc.constantFrom(40, 80), fc.boolean()), { maxLength: 8 }),
        fc.option(fc.subarray(NAMES, { minLength: 2 }), { nil: undefined }),
        (macs, plugged, named) => {
          const world = new Macs()
          const nodes = macs.map((options, at) => world.mac(NAMES[at] ?? 'e', options))
          for (const [[a, at], [b, to], gbps, throughDock] of plugged) {
            const [from, other] = [nodes[a], nodes[b]]
            if (from && other && a !== b) world.cable([from, at], [other, to], { gbps, throughDock })
          }
          const nodeIds = named && nodes.filter((nodeId) => named.includes(nodeId))
          world.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2, ...(nodeIds && { nodeIds }) })
          const found = warnings(world.state)
          expect(Warning.array().parse(found)).toEqual(found)
          expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
          const ranks = found.map(({ severity }) => Severity.options.indexOf(severity))
          expect(ranks).toEqual([...ranks].sort((x, y) => x - y))
          expect(
            found.flatMap((warning) => warning.nodeIds).filter((nodeId) => !(nodeId in world.state.nodes)),
          ).toEqual([])
          for (const command of found.flatMap(({ fix }) => fix.flatMap(({ commands = [] }) => commands)))
            expect(COMMANDS.some((form) => form.test(command))).toBe(true)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the subject of a warning', () => {
  const [node, other] = [new Macs().mac('Mac mini'), new Macs().mac('b')]
  it.each([
    [{ kind: 'node', nodeId: node } as const, '/cluster?machine=Mac%20mini'],
    [{ kind: 'link', nodeIds: [node, other] as [NodeId, NodeId] } as const, '/cluster?machine=Mac%20mini'],
  ])('has a page in the app: %o', (subject, place) => {
    expect(aboutOf(subject)).toBe(place)
  })
})

describe('an error of the RDMA driver', () => {
  it('is reported with the Macs concerned, from the runner’s failure and from the declaration’s last error', () => {
    const { macs, id } = serving()
    macs.fail(id, RECEIVE)
    const [failed] = warnings(macs.state)
    expect(failed).toMatchObject({
      title: 'The experimental RDMA driver in macOS failed.',
      cause: `On MacBook Pro and Mac Studio: ${RECEIVE}`,
      subject: { kind: 'metaInstance', metaInstanceId: 'chat' },
      fix: [{ text: expect.stringMatching(/^Restart /) }, { text: expect.stringContaining('use a ring') }],
    })
    macs.reconcile()
    expect(macs.metaInstance(id).lastFailureError).toContain(RECEIVE)
    expect(warnings(macs.state)[0]?.id).toBe(failed?.id)
  })

  it('has one id per text', () => {
    const idOf = (text: string): string | undefined => {
      const { macs, id } = serving()
      return warnings(macs.fail(id, text).state)[0]?.id
    }
    expect(idOf(`a: ${RECEIVE}`)).toBe(idOf(RECEIVE))
    expect(idOf('[jaccl] the RDMA connection failed: Register memory region failed')).not.toBe(idOf(RECEIVE))
  })

  it('is neither a connection attempt on the console nor any other error', () => {
    const { macs, id } = serving()
    macs.fail(id, 'ended with code 1: [jaccl] Connection attempt 1 waiting 2000 ms')
    expect(codes(macs)).toEqual([])
  })

  it('is dropped when the declaration has recovered', () => {
    const { macs, id } = serving()
    macs.fail(id, RECEIVE)
    macs.reconcile()
    macs.apply({ type: 'MetaInstanceRecovered', metaInstanceId: id })
    expect(codes(macs)).toEqual([])
  })
})

describe('protection domains', () => {
  it('that have run out are reported for the Mac that must restart, and by no other warning', () => {
    const { macs, id } = serving()
    const [shard] = macs.instance(id).shards
    if (!shard) throw new Error('no shard')
    macs.apply({ type: 'RunnerStatusUpdated', runnerId: shard.runnerId, status: 'Failed', errorMessage: DOMAINS })
    expect(warnings(macs.state)).toMatchObject([
      { code: 'protection-domains', severity: 'error', subject: { kind: 'node', nodeId: shard.nodeId } },
    ])
  })

  it('are detected from a device that cannot allocate one', () => {
    const { macs, nodes } = serving()
    macs.device(nodes[1], 'en2', { health: 'unhealthy', problem: 'could not allocate protection domain' })
    expect(codes(macs)).toEqual(['protection-domains'])
  })

  it('leaked by a killed runner are a hint, not a driver error', () => {
    const { macs, id } = serving()
    macs.fail(id, `the runner did not answer any more; ${KILLED}`)
    expect(warnings(macs.state).map(({ severity, id: known }) => `${severity} ${known}`)).toEqual([
      'hint protection-domains MacBook Pro 1',
      'hint protection-domains Mac Studio 1',
    ])
  })

  it('leaked by killed runners are a hint, and a new one with each further runner', () => {
    const { macs, nodes } = serving()
    const killed = (killedRunners: number) => {
      macs.says(nodes[0], { rdma: { status: 'enabled', devices: [], killedRunners } })
      return warnings(macs.state).map(({ severity, id }) => `${severity} ${id}`)
    }
    expect(killed(0)).toEqual([])
    expect(killed(1)).toEqual(['hint protection-domains MacBook Pro 1'])
    expect(killed(2)).toEqual(['hint protection-domains MacBook Pro 2'])
  })
})
