import { describe, expect, it } from 'vitest'
import type { NodeId } from '../ids'
import type { State } from '../state/state'
import { Macs, type CableOptions, type MacOptions } from '../testing/macs'
import { bridgeDetector } from './bridges'
import { bridgeLoopDetector } from './bridge-loops'
import { macosVersionDetector } from './macos-versions'
import { missingPairDetector } from './missing-pairs'
import { noAddressDetector } from './no-address'
import { olderVersionDetector } from './older-versions'
import { rdmaOffDetector } from './rdma-off'
import { slowCableDetector } from './slow-cables'
import { studioPortDetector } from './studio-port'
import { thunderbolt5Detector } from './thunderbolt-5'
import { unhealthyDeviceDetector } from './unhealthy-devices'
import { aboutOf, englishWarning, type Detector, type Warning } from './warning'

/** A detector’s warnings, as the API returns them. */
const found = (detector: Detector, { state }: { readonly state: State }): Warning[] =>
  detector(state).map((one) => englishWarning({ ...one, about: aboutOf(one.subject) }))

/** A detector’s warnings as severity and title. */
const says = (detector: Detector, macs: Macs): string[] =>
  found(detector, macs).map(({ severity, title }) => `${severity}: ${title}`)

const declareRdma = (macs: Macs, nodeIds?: NodeId[]) =>
  macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2, ...(nodeIds && { nodeIds }) })

/** Two Macs with one cable. */
const pair = (a: MacOptions = {}, b: MacOptions = {}, cable: CableOptions = {}) => {
  const macs = new Macs()
  const nodes: [NodeId, NodeId] = [macs.mac('MacBook Pro', a), macs.mac('Mac Studio', b)]
  macs.cable([nodes[0], 1], [nodes[1], 1], cable)
  return { macs, nodes }
}

describe('RDMA that is not enabled', () => {
  it('is a hint while nothing requests RDMA, and a warning once something does', () => {
    const { macs } = pair({ rdma: { status: 'disabled', devices: [] } })
    expect(says(rdmaOffDetector, macs)).toEqual(['hint: RDMA is not enabled on MacBook Pro.'])
    declareRdma(macs)
    expect(says(rdmaOffDetector, macs)).toEqual(['warning: RDMA is not enabled on MacBook Pro.'])
  })

  it('is enabled in Recovery, with the exact steps', () => {
    const { macs } = pair({ rdma: { status: 'disabled', devices: [] } })
    const [first] = found(rdmaOffDetector, macs)
    expect(first?.fix.map(({ text, commands = [] }) => [text, ...commands].join(' ')).join('\n')).toMatch(
      /Shut.*\n.*Options.*Terminal.*\n.*rdma_ctl enable\n.*Restart.*\n.*rdma_ctl status/,
    )
  })

  it.each<[string, MacOptions, string[]]>([
    ['enabled', { rdma: { status: 'enabled' } }, []],
    ['unknown', { rdma: { status: 'unknown' } }, []],
    [
      'a macOS without RDMA',
      { rdma: { status: 'unavailable', devices: [] }, os: { name: 'macOS 15.6', version: '15.6' } },
      ['hint: The macOS on MacBook Pro has no RDMA.'],
    ],
    ['Thunderbolt 4, which has none', { maxGbps: 40, rdma: { status: 'disabled' } }, []],
  ])('is described exactly: %s', (_what, options, expected) => {
    expect(says(rdmaOffDetector, pair(options).macs)).toEqual(expected)
  })

  it('is not reported on a Mac without a cable', () => {
    const macs = new Macs()
    macs.mac('Mac Studio', { rdma: { status: 'disabled', devices: [] } })
    expect(says(rdmaOffDetector, macs)).toEqual([])
  })
})

describe('Thunderbolt 4', () => {
  it('is named if RDMA was requested on such a machine, even if macOS reports it as enabled', () => {
    const { macs, nodes } = pair({ maxGbps: 40, rdma: { status: 'enabled' } })
    expect(says(thunderbolt5Detector, macs)).toEqual([])
    declareRdma(macs, nodes)
    expect(says(thunderbolt5Detector, macs)).toEqual([
      'warning: RDMA needs Thunderbolt 5, which MacBook Pro does not have.',
    ])
  })

  it('is reported for a declaration that finds too few capable machines', () => {
    const { macs } = pair({ maxGbps: 40 })
    declareRdma(macs)
    expect(found(thunderbolt5Detector, macs)).toMatchObject([
      { title: 'RDMA needs Thunderbolt 5: small can’t be placed.', cause: expect.stringContaining('only Mac Studio') },
    ])
  })

  it('is not assumed of a machine that does not report its ports', () => {
    const { macs, nodes } = pair()
    macs.says(nodes[0], { thunderbolt: { ports: [], bridges: [] } })
    declareRdma(macs, nodes)
    expect(says(thunderbolt5Detector, macs)).toEqual([])
  })
})

describe('the port next to Ethernet', () => {
  const studio = (model: string, interfaces = ['en2', 'en3', 'en5', 'en4']): MacOptions => ({
    model,
    interfaces,
    ports: 4,
  })

  it.each(['Mac15,14', 'Mac16,9'])('of a Mac Studio (%s) is named when a cable to a member is in it', (model) => {
    const { macs } = pair({}, studio(model))
    expect(found(studioPortDetector, macs)).toMatchObject([
      {
        title: 'The port next to Ethernet on Mac Studio does not do RDMA.',
        cause: expect.stringContaining('The cable to MacBook Pro is in Thunderbolt 1 (en2)'),
        picture: { kind: 'studio', port: { receptacle: 1 } },
      },
    ])
  })

  it.each<[string, MacOptions, CableOptions]>([
    ['another port', studio('Mac15,14', ['en3', 'en2', 'en5', 'en4']), {}],
    ['en2 of a Mac mini', studio('Mac16,11'), {}],
    ['a Mac Studio with Thunderbolt 4', { ...studio('Mac14,14'), maxGbps: 40 }, {}],
  ])('is not named for %s', (_what, options, cable) => {
    expect(says(studioPortDetector, pair({}, options, cable).macs)).toEqual([])
  })

  it('is not named while it is empty', () => {
    const macs = new Macs()
    const [book, desk] = [macs.mac('MacBook Pro'), macs.mac('Mac Studio', studio('Mac15,14'))]
    macs.cable([book, 1], [desk, 2])
    expect(says(studioPortDetector, macs)).toEqual([])
  })
})

describe('macOS versions', () => {
  const NEWER = { os: { version: '26.6', build: '25G83', name: 'macOS 26.6' } }

  it('that differ are named if the Macs are to use RDMA together', () => {
    const { macs, nodes } = pair({}, NEWER)
    expect(says(macosVersionDetector, macs)).toEqual([])
    declareRdma(macs, nodes)
    expect(found(macosVersionDetector, macs)).toMatchObject([
      { cause: expect.stringContaining('Mac Studio has 26.6 (25G83) and MacBook Pro has 26.5.1 (25F80)') },
    ])
  })

  it('with the same number but another build count as different', () => {
    const { macs, nodes } = pair({}, { os: { build: '25F81' } })
    declareRdma(macs, nodes)
    expect(says(macosVersionDetector, macs)).toHaveLength(1)
  })

  it('are named once, however many models share the Macs', () => {
    const { macs, nodes } = pair({}, NEWER)
    declareRdma(macs, nodes)
    macs.declare('other', { instanceMeta: 'MlxJaccl', minNodes: 2, nodeIds: [nodes[1], nodes[0]] })
    expect(says(macosVersionDetector, macs)).toHaveLength(1)
  })

  it('are a new warning when one of them changed', () => {
    const { macs, nodes } = pair({}, NEWER)
    declareRdma(macs, nodes)
    const [before] = found(macosVersionDetector, macs)
    macs.says(nodes[1], { os: { platform: 'darwin', release: '25.6', name: 'macOS 26.7', version: '26.7' } })
    expect(found(macosVersionDetector, macs)[0]?.id).not.toBe(before?.id)
  })

  it('are not reported if they are equal, or if one is unknown', () => {
    const { macs, nodes } = pair()
    declareRdma(macs, nodes)
    expect(says(macosVersionDetector, macs)).toEqual([])
    macs.says(nodes[0], { os: { platform: 'darwin', release: '25.5', name: 'macOS' } })
    expect(says(macosVersionDetector, macs)).toEqual([])
  })
})

describe('a bridge', () => {
  it('that holds a port with a cable to a member is named with its ports and the exact commands', () => {
    const { macs } = pair({ bridge: ['en2', 'en3', 'en4'] })
    expect(found(bridgeDetector, macs)).toMatchObject([
      {
        severity: 'hint',
        title: 'A bridge on MacBook Pro holds ports that RDMA needs.',
        cause: expect.stringContaining('Thunderbolt 1 (en2) is in bridge0'),
        fix: [
          {
            text: expect.stringContaining('On MacBook Pro'),
            commands: ['sudo /sbin/ifconfig bridge0 deletem en2', 'sudo /usr/sbin/ipconfig set en2 DHCP'],
          },
          { text: expect.stringContaining('Make Inactive') },
        ],
      },
    ])
  })

  it('is not reported without a cable in it, nor on Thunderbolt 4', () => {
    expect(says(bridgeDetector, pair({ bridge: ['en3'] }).macs)).toEqual([])
    expect(says(bridgeDetector, pair({ bridge: ['en2'], maxGbps: 40 }).macs)).toEqual([])
  })

  it('with a name that is not an interface’s is in no command', () => {
    const { macs } = pair({ interfaces: ['en2; rm -rf ~'], bridge: ['en2; rm -rf ~'] })
    const [first] = found(bridgeDetector, macs)
    expect(first?.fix.flatMap(({ commands = [] }) => commands)).toEqual([])
  })
})

describe('a loop of bridges', () => {
  const ring = (active: readonly boolean[], cables: readonly (readonly [number, number, number, number])[]): State => {
    const macs = new Macs()
    const nodes = active.map((bridgeActive, at) =>
      macs.mac(`Mac ${at + 1}`, { bridge: ['en2', 'en3', 'en4'], bridgeActive }),
    )
    for (const [from, port, to, at] of cables) {
      const [a, b] = [nodes[from], nodes[to]]
      if (a && b) macs.cable([a, port], [b, at])
    }
    return macs.state
  }
  const CIRCLE = [
    [0, 1, 1, 1],
    [1, 2, 2, 1],
    [2, 2, 0, 2],
  ] as const

  it.each<[string, readonly boolean[], readonly (readonly [number, number, number, number])[], readonly string[]]>([
    ['three in a circle', [true, true, true], CIRCLE, ['Mac 1, Mac 2, and Mac 3']],
    [
      'two with two cables',
      [true, true],
      [
        [0, 1, 1, 1],
        [0, 2, 1, 2],
      ],
      ['Mac 1 and Mac 2'],
    ],
    ['a chain', [true, true, true], CIRCLE.slice(0, 2), []],
    ['a circle with a bridge that is off', [true, false, true], CIRCLE, []],
    ['a circle with a tail', [true, true, true, true], [...CIRCLE, [2, 3, 3, 1]], ['Mac 1, Mac 2, and Mac 3']],
  ])('is found, and nothing else is: %s', (_what, active, cabled, loops) => {
    expect(found(bridgeLoopDetector, { state: ring(active, cabled) }).map(({ title }) => title)).toEqual(
      loops.map((names) => `The Thunderbolt bridges of ${names} form a loop.`),
    )
  })
})

describe('a slow cable', () => {
  it('between two Macs with Thunderbolt 5 is named with the pair, once', () => {
    const { macs, nodes } = pair({}, {}, { gbps: 40 })
    macs.cable([nodes[0], 2], [nodes[1], 2], { gbps: 40 })
    expect(says(slowCableDetector, macs)).toEqual([
      'hint: The cables between Mac Studio and MacBook Pro only give Thunderbolt 4 speed.',
    ])
  })

  it('is a warning if RDMA is requested, and names the dock if there is one', () => {
    const { macs } = pair({}, {}, { gbps: 40, throughDock: true })
    declareRdma(macs)
    expect(found(slowCableDetector, macs)).toMatchObject([
      { severity: 'warning', cause: expect.stringContaining('through a dock') },
    ])
  })

  it('is not reported at full speed, nor if a Mac has only Thunderbolt 4', () => {
    expect(says(slowCableDetector, pair().macs)).toEqual([])
    expect(says(slowCableDetector, pair({ maxGbps: 40 }).macs)).toEqual([])
  })
})

describe('missing pairs', () => {
  const three = () => {
    const macs = new Macs()
    const nodes = [macs.mac('a'), macs.mac('b'), macs.mac('c')] as const
    macs.cable([nodes[0], 1], [nodes[1], 1]).cable([nodes[1], 2], [nodes[2], 1])
    return { macs, nodes }
  }

  it('are named if some but not all of the intended Macs are connected', () => {
    const { macs, nodes } = three()
    expect(says(missingPairDetector, macs)).toEqual([])
    declareRdma(macs, [...nodes])
    expect(found(missingPairDetector, macs)).toMatchObject([
      {
        title: 'One pair of Macs lacks the cable that RDMA needs.',
        cause: expect.stringContaining('there is none between a and c.'),
        nodeIds: ['a', 'c'],
      },
    ])
  })

  it('are the pairs of all cabled Macs if the declaration leaves the choice open', () => {
    const { macs } = three()
    macs.mac('on Wi-Fi')
    declareRdma(macs)
    expect(found(missingPairDetector, macs).map(({ nodeIds }) => nodeIds)).toEqual([['a', 'c']])
  })

  it('are none if all are connected, by cable or by a live connection', () => {
    const { macs, nodes } = three()
    declareRdma(macs, [...nodes])
    const [a, , c] = nodes
    for (const [from, to] of [
      [a, c],
      [c, a],
    ] as const)
      macs.apply({
        type: 'TopologyEdgeCreated',
        edge: { from, to, fromInterface: 'rdma_en3', toInterface: 'rdma_en3' },
      })
    expect(says(missingPairDetector, macs)).toEqual([])
  })

  it('are not guessed while a Mac is offline', () => {
    const { macs, nodes } = three()
    declareRdma(macs, [...nodes])
    macs.apply({ type: 'NodeTimedOut', nodeId: nodes[1] })
    expect(says(missingPairDetector, macs)).toEqual([])
  })
})

describe('an unhealthy device', () => {
  it('is reported once for the pair of Macs that it connects, with its error', () => {
    const { macs, nodes } = pair()
    macs.device(nodes[0], 'en2', { health: 'unhealthy', problem: 'it did not open in 5 s' })
    macs.device(nodes[1], 'en2', { health: 'unhealthy' })
    expect(found(unhealthyDeviceDetector, macs)).toMatchObject([
      {
        title: 'RDMA between Mac Studio and MacBook Pro does not work.',
        cause: 'Mac Studio: rdma_en2 can’t be opened; MacBook Pro: it did not open in 5 s.',
        fix: [{ text: expect.stringMatching(/^Unplug the cable/) }, { text: expect.stringMatching(/restart/) }],
      },
    ])
  })

  it('is not reported on a port without a cable', () => {
    const { macs, nodes } = pair()
    macs.device(nodes[0], 'en3', { health: 'unhealthy' })
    expect(says(unhealthyDeviceDetector, macs)).toEqual([])
  })
})

describe('a port without an address', () => {
  it('is named if it has a cable to a member and is in no bridge', () => {
    const { macs, nodes } = pair()
    macs.device(nodes[0], 'en2', { hasAddress: false }).device(nodes[0], 'en3', { hasAddress: false })
    expect(found(noAddressDetector, macs)).toMatchObject([
      { id: 'no-address MacBook Pro en2', cause: expect.stringContaining('Thunderbolt 1 (en2)') },
    ])
    const bridged = pair({ bridge: ['en2'] })
    bridged.macs.device(bridged.nodes[0], 'en2', { hasAddress: false })
    expect(says(noAddressDetector, bridged.macs)).toEqual([])
  })
})

describe('versions of Muster that differ', () => {
  const of = (...versions: string[]): Macs => {
    const macs = new Macs()
    for (const [at, version] of versions.entries()) macs.mac(`Mac ${at + 1}`, { version })
    return macs
  }

  it('are a hint that names the older machines, with what each has, and how to update them', () => {
    const [hint, ...others] = found(olderVersionDetector, of('0.9.0', '0.10.0', '0.10.0-rc.1', '0.10.0'))
    expect(others).toEqual([])
    expect(hint).toMatchObject({
      severity: 'hint',
      title: 'Muster is older on Mac 1 and Mac 3 than on other machines.',
      nodeIds: ['Mac 1', 'Mac 3'],
      subject: { kind: 'node', nodeId: 'Mac 1' },
      fix: [{ text: expect.stringContaining('Settings → Updates') as string }, { commands: ['muster update'] }],
    })
    expect(hint?.cause).toMatch(/^Mac 1 has 0\.9\.0 and Mac 3 has 0\.10\.0-rc\.1; the newest here is 0\.10\.0\./)
  })

  it.each([[[]], [['0.9.0']], [['0.9.0', '0.9.0']], [['0.9.0', 'a build of one’s own']]])(
    'are no hint if none is older: %j',
    (versions) => {
      expect(found(olderVersionDetector, of(...versions))).toEqual([])
    },
  )

  it('are another hint once a newer one appears, even if the first was dismissed', () => {
    const id = (...versions: string[]) => found(olderVersionDetector, of(...versions))[0]?.id
    expect(id('0.9.0', '0.10.0')).toBe(id('0.9.0', '0.10.0', '0.10.0'))
    expect(id('0.9.0', '0.10.0')).not.toBe(id('0.9.0', '0.11.0'))
  })
})
