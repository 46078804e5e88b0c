import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DoctorReport } from '@core/protocols/doctor'
import { connected } from './acts'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const doctor = async (node: HostedNode): Promise<DoctorReport> => DoctorReport.parse(await node.ask('/cluster/doctor'))

/** Asks again until the doctor finds exactly this: machines need a moment to notice what changed. */
const finds = (node: HostedNode, codes: readonly string[]): Promise<DoctorReport> =>
  until(
    `the doctor finds ${codes.join(', ') || 'nothing'}`,
    () => doctor(node),
    ({ findings }) => findings.map(({ code }) => code).join() === codes.join(),
  )

describe.skipIf(why !== undefined)('the connection doctor of three machines', () => {
  const cluster = new HostedCluster(why === undefined ? 4 : 0)
  let nodes: HostedNode[]
  beforeAll(async () => {
    nodes = await Promise.all([0, 1, 2].map((at) => cluster.start(at)))
    const [first, ...others] = nodes
    for (const other of others) {
      const { stdout } = await (first as HostedNode).muster('invite', '--json')
      await other.muster('join', (JSON.parse(stdout) as { token: string }).token)
    }
    await connected(first as HostedNode, 3)
  })
  afterAll(() => cluster.dispose())
  const at = (index: number): HostedNode => nodes[index] as HostedNode

  it('finds nothing where all reach one another, and shows every check of every pair', async () => {
    const { pairs, members } = await finds(at(0), [])
    expect(members.map(({ answered }) => answered)).toEqual([true, true, true])
    expect(pairs).toHaveLength(6)
    for (const { announced, tcpOut, tcpIn, tls, link, probe, latencyMs } of pairs) {
      for (const check of [announced, tcpOut, tcpIn, tls, link, probe]) expect(check).toMatchObject({ state: 'yes' })
      expect(latencyMs).toBeGreaterThan(0)
    }
  })

  it('says that a machine near could be joined', async () => {
    const stranger = await cluster.start(3)
    const { nearby } = await until(
      'the stranger is near',
      () => doctor(at(0)),
      (report) => report.nearby.length === 1,
    )
    expect(nearby[0]).toMatchObject({
      nodeId: stranger.nodeId,
      friendlyName: 'machine 4',
      tcpOut: { state: 'yes' },
      tls: { state: 'yes' },
    })
    await stranger.stop()
    await finds(at(0), [])
  })

  it('names the machine whose firewall lets nobody in, while it is still connected', async () => {
    const walled = at(2)
    walled.host.block(52417)
    // What both sides say of that way: the walled machine is asked over the link that it has made itself.
    // Where a machine is too busy to be asked, the doctor knows less for a moment: only that the two are kept apart.
    const { findings, pairs } = await until(
      'the firewall of one machine is found',
      () => doctor(at(0)),
      (report) => report.findings.length === 1 && report.findings[0]?.nodeIds.length === 1,
    )
    expect(findings[0]).toMatchObject({ code: 'firewall', nodeIds: [walled.nodeId], severity: 'problem' })
    expect(findings[0]?.todo).toContain('machine 3')
    const into = pairs.find(({ from, to }) => from === at(0).nodeId && to === walled.nodeId)
    expect(into).toMatchObject({ tcpOut: { state: 'no', code: 'timed_out' }, tcpIn: { state: 'yes' } })
    const command = () => at(0).muster('doctor')
    const { stdout, code } = await until('the command finds it', command, ({ stdout }) =>
      /^Error: A firewall on machine 3 /m.test(stdout),
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ {2}Between machine 1 and machine 3\.$/m)
    walled.host.unblock(52417)
    await finds(at(0), [])
    const healed = await until('the command finds nothing', command, ({ stdout }) => stdout === 'Nothing is wrong.\n')
    expect(healed.code).toBe(0)
  })

  it('says that a machine is on but does not run Muster, and that one without a word of goodbye is away', async () => {
    await at(2).stop()
    const { findings, members } = await finds(at(0), ['not_running'])
    expect(findings[0]?.nodeIds).toEqual([at(2).nodeId])
    expect(members.find(({ nodeId }) => nodeId === at(2).nodeId)).toMatchObject({ answered: false })
    nodes[2] = await cluster.start(2)
    await finds(at(0), [])
    at(2).host.unplug()
    await finds(at(0), ['away'])
    at(2).host.plug()
    await finds(at(0), [])
  })

  it('tells a machine that was removed while it was away', async () => {
    const removed = at(2)
    removed.host.unplug()
    await until(
      'it is not linked',
      () => at(0).cluster(),
      ({ members }) => members.some(({ nodeId, linked }) => nodeId === removed.nodeId && !linked),
    )
    await at(0).ask(`/members/${removed.nodeId}`, { method: 'DELETE' })
    removed.host.plug()
    // Until it has heard of it often enough to believe it, which a busy machine may have by the first report.
    const told = await until(
      'the doctor tells of the removal, or the machine is by itself',
      () => doctor(removed),
      ({ findings, members }) => findings.map(({ code }) => code).join() === 'removed,removed' || members.length === 1,
    )
    for (const { nodeIds } of told.findings) expect(nodeIds).toEqual([removed.nodeId, expect.any(String)])
    const alone = await until(
      'the machine is by itself, with the others near it',
      () => doctor(removed),
      ({ members, nearby }) => members.length === 1 && nearby.length === 2,
    )
    expect(alone.findings).toEqual([])
    expect(alone.nearby.map(({ nodeId }) => nodeId).sort()).toEqual([at(0).nodeId, at(1).nodeId].sort())
    // To the others it is a stranger near them.
    await finds(at(0), [])
  })
})
