import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NodeId } from '../ids'
import { whyNoRdma, rdmaRisks } from '../rdma/index'
import type { RdmaReasonCode } from '../state/rdma'
import { Macs, type CableOptions, type MacOptions } from '../testing/macs'
import { englishWarning, type Warning } from './warning'
import { warningsOf } from './warnings'

/** The refusal reasons that a warning about a pair corresponds to; undefined for warnings that concern no pair. */
const MEANING: Readonly<Record<string, readonly RdmaReasonCode[]>> = {
  'rdma-disabled': ['not_enabled'],
  'rdma-unavailable': ['unavailable', 'macos_too_old'],
  'thunderbolt-5': ['thunderbolt_4', 'not_a_mac'],
  'studio-port': ['studio_port'],
  bridge: ['bridge'],
  'no-address': ['no_address'],
  'slow-cable': ['cable_speed'],
  'unhealthy-device': ['unhealthy'],
}

/** Reasons without a warning: they are temporary, or are shown with the cables. */
const WITHOUT_WARNING: ReadonlySet<RdmaReasonCode> = new Set([
  'offline',
  'not_read',
  'status_unknown',
  'no_cable',
  'no_device',
  'port_down',
  'not_connected',
  'not_reported',
])

interface Pair {
  readonly macs: Macs
  readonly nodes: readonly [NodeId, NodeId]
}

const pairOf = (a: MacOptions, b: MacOptions, cables: readonly CableOptions[]): Pair => {
  const macs = new Macs()
  const nodes = [macs.mac('a', a), macs.mac('b', b)] as const
  cables.forEach((cable, at) => macs.cable([nodes[0], at + 1], [nodes[1], at + 1], cable))
  macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2, nodeIds: [...nodes] })
  return { macs, nodes }
}

const ofRdma = (macs: Macs): Warning[] =>
  warningsOf(macs.state)
    .map(englishWarning)
    .filter(({ code }) => code in MEANING)

/** Every warning corresponds to a reason of the refusal, and every reason that people can act on to a warning. */
const agree = ({ macs, nodes }: Pair): void => {
  const reasons = whyNoRdma(macs.state, ...nodes).map(({ code }) => code)
  const warnings = ofRdma(macs)
  for (const { code, title } of warnings)
    expect(
      reasons.some((reason) => MEANING[code]?.includes(reason)),
      `${title} – but ${reasons.join(', ')}`,
    ).toBe(true)
  for (const reason of reasons.filter((code) => !WITHOUT_WARNING.has(code)))
    expect(
      warnings.some(({ code }) => MEANING[code]?.includes(reason)),
      `${reason} is not warned of`,
    ).toBe(true)
  const differ = warningsOf(macs.state).some(({ code }) => code === 'macos-versions')
  expect(differ).toBe(rdmaRisks(macs.state, ...nodes).length > 0)
}

describe('a warning and a refused placement', () => {
  const STUDIO = { model: 'Mac15,14' }
  const unhealthy = { name: 'rdma_en3', interfaceName: 'en3', port: 'active', hasAddress: true } as const
  it.each<[string, MacOptions, MacOptions, readonly CableOptions[], readonly string[]]>([
    ['nothing is wrong', {}, {}, [{}], []],
    ['RDMA is off at one end', { rdma: { status: 'disabled', devices: [] } }, {}, [{}], ['rdma-disabled']],
    ['macOS is too old', { os: { version: '26.1', name: 'macOS 26.1' } }, {}, [{}], ['rdma-unavailable']],
    [
      'macOS is too old, which a newer one would not help',
      { maxGbps: 40, os: { version: '15.6', name: 'macOS 15.6' } },
      {},
      [{}],
      ['thunderbolt-5'],
    ],
    ['one is no Mac', { os: { platform: 'linux' } }, {}, [{}], ['thunderbolt-5']],
    ['the only cable is in the port next to Ethernet', STUDIO, {}, [{}], ['studio-port']],
    ['another cable is not in that port', STUDIO, {}, [{}, {}], []],
    ['the only cable is slow', {}, {}, [{ gbps: 40 }], ['slow-cable']],
    ['one of two cables is slow', {}, {}, [{ gbps: 40 }, {}], []],
    ['a bridge holds both ports', { bridge: ['en2', 'en3'] }, {}, [{}, {}], ['bridge']],
    ['a bridge holds one of two ports', { bridge: ['en2'] }, {}, [{}, {}], []],
    ['a device does not answer, on the other of two cables', {}, {}, [{}, {}], []],
    [
      'a device does not answer, and there is no other cable',
      { interfaces: ['en3'], ports: 1, rdma: { devices: [{ ...unhealthy, health: 'unhealthy' }] } },
      {},
      [{}],
      ['unhealthy-device'],
    ],
    ['only one end has seen the cable', {}, {}, [{ gbps: 40, seenByFirstOnly: true }], []],
  ])('agree where %s', (what, a, b, cables, codes) => {
    const pair = pairOf(a, b, cables)
    if (what.includes('on the other of two')) pair.macs.device(pair.nodes[0], 'en3', { health: 'unhealthy' })
    agree(pair)
    expect(ofRdma(pair.macs).map(({ code }) => code)).toEqual(codes)
  })

  it('agree in whatever state two Macs are', () => {
    const device = fc.record({
      port: fc.constantFrom('active' as const, 'down' as const),
      hasAddress: fc.boolean(),
      health: fc.constantFrom('healthy' as const, 'unhealthy' as const),
    })
    const mac = fc.record({
      maxGbps: fc.constantFrom(120, 120, 40),
      bridge: fc.subarray(['en2', 'en3']),
      model: fc.constantFrom('Mac15,14', 'Mac16,11'),
      rdma: fc.record({ status: fc.constantFrom('enabled', 'enabled', 'disabled', 'unavailable', 'unknown' as const) }),
      os: fc.record({ version: fc.constantFrom('26.1', '26.2', '26.5') }),
    })
    const cable = fc.record({ gbps: fc.constantFrom(40, 80), throughDock: fc.boolean(), seenByFirstOnly: fc.boolean() })
    let warned = 0
    fc.assert(
      fc.property(
        mac,
        mac,
        fc.array(cable, { maxLength: 3 }),
        fc.array(device, { maxLength: 6 }),
        (a, b, plugged, devices) => {
          const pair = pairOf(a, b, plugged)
          devices.forEach((change, at) => pair.macs.device(pair.nodes[at < 3 ? 0 : 1], `en${2 + (at % 3)}`, change))
          agree(pair)
          warned += ofRdma(pair.macs).length
        },
      ),
      { numRuns: 300 },
    )
    expect(warned).toBeGreaterThan(100)
  })

  it('name every port that their commands take out of a bridge, also one that something else keeps from RDMA', () => {
    const macs = new Macs()
    const studio = macs.mac('studio', { model: 'Mac15,14', bridge: ['en2', 'en3'] })
    const others = [macs.mac('b'), macs.mac('c')]
    others.forEach((other, at) => macs.cable([studio, at + 1], [other, 1]))
    macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 3, nodeIds: [studio, ...others] })
    const [bridge] = warningsOf(macs.state)
      .map(englishWarning)
      .filter(({ code }) => code === 'bridge')
    const commands = bridge?.fix.flatMap(({ commands = [] }) => commands).join('\n') ?? ''
    expect([...commands.matchAll(/deletem (en\d)/g)].map(([, name]) => name)).toEqual(['en2', 'en3'])
    for (const name of ['en2', 'en3']) expect(bridge?.cause).toContain(`(${name})`)
  })
})
