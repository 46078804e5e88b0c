import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ModelId, NodeId } from '@core/ids'
import type { DoctorReport, Finding } from '@core/protocols/doctor'
import { Macs } from '@core/testing/macs'
import { readyWorld } from '@core/testing/world'
import { coded } from '@core/texts/coded'
import type { State } from '@core/state/state'
import { englishWarning, type Warning } from '@core/warnings/warning'
import { warningsOf } from '@core/warnings/warnings'
import { NodeApi } from '../api/node-api'
import { Output } from '../terminal/output'
import { run as doctor } from './doctor'

const warnings = (state: State): Warning[] => warningsOf(state).map(englishWarning)

const [MINI, STUDIO, BOOK] = ['mini', 'studio', 'book'] as [NodeId, NodeId, NodeId]

const member = (nodeId: NodeId, friendlyName: string) => ({ nodeId, friendlyName, answered: true })
const SOUND: DoctorReport = { nodeId: MINI, members: [member(MINI, 'Mac mini')], pairs: [], nearby: [], findings: [] }

/** The report of three machines, of which these pairs cannot connect. */
const apart = (broken: readonly (readonly [NodeId, NodeId])[], findings: readonly Finding[]): DoctorReport => {
  const members = [member(MINI, 'Mac mini'), member(STUDIO, 'Mac Studio'), member(BOOK, 'MacBook')]
  const pairs = members.flatMap(({ nodeId: from }) =>
    members.flatMap(({ nodeId: to }) => {
      const isBroken = broken.some((pair) => pair.includes(from) && pair.includes(to))
      const check = { state: isBroken ? ('no' as const) : ('yes' as const), code: 'x', reason: 'so it is' }
      const all = { announced: check, tcpOut: check, tcpIn: check, tls: check, link: check, probe: check }
      return from === to ? [] : [{ from, to, ...all }]
    }),
  )
  return { nodeId: MINI, members, pairs, nearby: [], findings: [...findings] }
}

const NO_WAY: Finding = {
  code: 'different_network',
  severity: 'problem',
  nodeIds: [MINI, STUDIO],
  what: 'There is no way between Mac mini and Mac Studio.',
  why: 'They are on different networks.',
  todo: 'Put them on one network.',
}

const FIREWALL: Finding = {
  code: 'firewall',
  severity: 'problem',
  nodeIds: [BOOK],
  what: 'A firewall on MacBook keeps other machines out.',
  why: 'Nothing comes back from its port.',
  todo: 'Open it.',
}

const CLOCK: Finding = {
  code: 'clock',
  severity: 'notice',
  nodeIds: [MINI],
  what: 'The clock of Mac mini is 2 min ahead.',
  why: 'Times would jump.',
  todo: 'Set it.',
}

describe('muster doctor', () => {
  let server: Server | undefined
  const close = (): void => {
    server?.close()
    server?.closeAllConnections()
    server = undefined
  }
  afterEach(close)

  const A_PROBLEM = { error: { message: 'The disk is full', hint: 'Make room.' } }

  /**
   * A node that derives its answers from this state with the real core. A request without a prepared answer is an
   * error.
   */
  const serve = async (
    macs: Pick<Macs, 'state'>,
    answers: { warnings?: unknown; connections?: unknown; state?: unknown } = {},
  ): Promise<string> => {
    const { warnings: found = { warnings: warnings(macs.state) }, connections = SOUND, state = macs.state } = answers
    server = createServer((request, response) => {
      const answer = new Map([
        ['/warnings', found],
        ['/cluster/doctor', connections],
        ['/state', state],
      ]).get(request.url ?? '')
      const status = answer === A_PROBLEM ? 500 : answer === undefined ? 404 : 200
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const run = async (url: string, options: { json: boolean } = { json: false }) => {
    let text = ''
    const out = new Output({
      write: async (more) => void (text += more),
      ...{ isTerminal: false, colour: false, columns: () => undefined },
    })
    const code = await doctor(options, { api: new NodeApi({ url }), out })
    return { code, text }
  }

  const bridged = (): Macs => {
    const macs = new Macs()
    const [a, b] = [macs.mac('Mac mini', { bridge: ['en2'] }), macs.mac('Mac Studio')]
    return macs.cable([a, 1], [b, 1])
  }

  it('says that nothing is wrong, with exit code 0', async () => {
    expect(await run(await serve(new Macs()))).toEqual({ code: 0, text: 'Nothing is wrong.\n' })
  })

  it('prints what is wrong, why, and each step with its exact commands, with exit code 1', async () => {
    const { code, text } = await run(await serve(bridged()))
    expect(code).toBe(1)
    expect(text.split('\n').slice(0, 6)).toEqual([
      'Hint: A bridge on Mac mini holds ports that RDMA needs.',
      '  Thunderbolt 1 (en2) is in bridge0. A port in a bridge has no address of its own, and RDMA does not work on it.',
      '  1. On Mac mini, in Terminal. It lasts until that Mac restarts.',
      '       sudo /sbin/ifconfig bridge0 deletem en2',
      '       sudo /usr/sbin/ipconfig set en2 DHCP',
      expect.stringMatching(/^ {2}2\. To keep them out/),
    ])
  })

  it('prints the same as JSON', async () => {
    const macs = bridged()
    const { code, text } = await run(await serve(macs), { json: true })
    expect([code, JSON.parse(text)]).toEqual([1, { warnings: warnings(macs.state), connections: [], declarations: [] }])
  })

  it('prints which declarations do not serve and which models do not arrive, and what to do', async () => {
    const { world, id: metaInstanceId } = readyWorld()
    const nodeId = NodeId.parse(Object.keys(world.state.nodes)[0])
    const modelId = ModelId.parse('m/other')
    const lastFailure = coded('failures.left', { name: 'Mac mini' })
    const state: State = {
      ...world.state,
      instances: {},
      metaInstances: {
        [metaInstanceId]: {
          ...world.metaInstance(metaInstanceId),
          placementError: { code: 'not_enough_memory', reason: 'It needs 9 GB more.' },
          ...{ lastFailure, lastFailureError: 'Mac mini left the cluster' },
        },
      },
      downloads: {
        [nodeId]: { [modelId]: { status: 'Failed', downloadedBytes: 0, totalBytes: 0, error: 'the disk is full' } },
      },
    }
    const { code, text } = await run(await serve({ state }, { warnings: { warnings: [] } }))
    expect([code, text.split('\n')]).toEqual([
      1,
      [
        `Error: ${world.metaInstance(metaInstanceId).modelId} has no place.`,
        '  It needs 9 GB more.',
        expect.stringMatching(/^ {2}1\. /),
        '',
        'Error: m/other does not arrive on Mac Studio.',
        '  the disk is full',
        '',
      ],
    ])
  })

  it('prints what keeps machines apart, with the pairs that it keeps apart', async () => {
    const broken = [
      [MINI, STUDIO],
      [STUDIO, BOOK],
      [BOOK, MINI],
    ] as const
    const { code, text } = await run(await serve(new Macs(), { connections: apart(broken, [NO_WAY, FIREWALL, CLOCK]) }))
    expect([code, text.split('\n')]).toEqual([
      1,
      [
        'Error: There is no way between Mac mini and Mac Studio.',
        '  They are on different networks.',
        '  Between Mac mini and Mac Studio.',
        '  1. Put them on one network.',
        '',
        'Error: A firewall on MacBook keeps other machines out.',
        '  Nothing comes back from its port.',
        '  Between Mac mini and MacBook.',
        '  Between Mac Studio and MacBook.',
        '  1. Open it.',
        '',
        'Hint: The clock of Mac mini is 2 min ahead.',
        '  Times would jump.',
        '  1. Set it.',
        '',
      ],
    ])
  })

  it('gives programs the findings of connections as the node said them, with their pairs', async () => {
    const url = await serve(new Macs(), { connections: apart([[MINI, STUDIO]], [NO_WAY, FIREWALL]) })
    const { code, text } = await run(url, { json: true })
    expect([code, JSON.parse(text)]).toEqual([
      1,
      {
        warnings: [],
        connections: [
          { ...NO_WAY, pairs: [[MINI, STUDIO]] },
          { ...FIREWALL, pairs: [] },
        ],
        declarations: [],
      },
    ])
  })

  it('tells of what it could examine where something else could not be, and of that too', async () => {
    const macs = bridged()
    const people = await run(await serve(macs, { connections: A_PROBLEM }))
    expect(people.code).toBe(1)
    expect(people.text).toMatch(/^Hint: A bridge on Mac mini holds ports that RDMA needs\./)
    expect(people.text).toMatch(
      /\n\nError: The connections between machines could not be examined\.\n {2}The disk is full\n {2}1\. Make room\.\n$/,
    )
    close()
    const programs = await run(await serve(macs, { warnings: A_PROBLEM, connections: apart([], [CLOCK]) }), {
      json: true,
    })
    expect([programs.code, JSON.parse(programs.text)]).toEqual([
      1,
      {
        connections: [{ ...CLOCK, pairs: [] }],
        declarations: [],
        failed: [{ examination: 'warnings', message: 'The disk is full', hint: 'Make room.' }],
      },
    ])
  })

  it('does not take an answer that it cannot read for a clean bill of health', async () => {
    const { code, text } = await run(await serve(new Macs(), { connections: { findings: 'none' } }))
    expect(code).toBe(1)
    expect(text).toContain('The connections between machines could not be examined.')
  })

  it('says plainly that no node answers', async () => {
    const url = await serve(new Macs())
    close()
    await expect(run(url)).rejects.toThrow(`No node answers at ${url}`)
  })
})
