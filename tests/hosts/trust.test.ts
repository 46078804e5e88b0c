import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCertificate } from '@main/cluster/certificate'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const invite = async (node: HostedNode): Promise<string> =>
  (JSON.parse((await node.muster('invite', '--json')).stdout) as { token: string }).token

describe.skipIf(why !== undefined)('machines that do not know one another', () => {
  const cluster = new HostedCluster(why === undefined ? 3 : 0)
  let nodes: HostedNode[]
  beforeAll(async () => {
    nodes = await Promise.all([0, 1, 2].map((at) => cluster.start(at)))
  })
  afterAll(() => cluster.dispose())
  const [first, second, third] = [0, 1, 2].map((at) => () => nodes[at] as HostedNode) as [
    () => HostedNode,
    () => HostedNode,
    () => HostedNode,
  ]

  it('see one another near, each as a cluster of its own', async () => {
    const { nearby, clusterId } = await until(
      'two near',
      () => first().cluster(),
      (view) => view.nearby.length === 2,
    )
    expect(new Set([clusterId, ...nearby.map((near) => near.clusterId)]).size).toBe(3)
  })

  it('refuses a token that was changed, was never given, or was used', async () => {
    const token = await invite(first())
    const { fingerprint, ...rest } = JSON.parse(
      Buffer.from(token.slice('muster1.'.length), 'base64url').toString(),
    ) as Record<string, string>
    const forged = (changes: object): string =>
      `muster1.${Buffer.from(JSON.stringify({ fingerprint, ...rest, ...changes })).toString('base64url')}`
    const wrongSecret = await second().muster('join', forged({ secret: 'A'.repeat(43) }))
    expect(wrongSecret).toMatchObject({ code: 1, stderr: expect.stringContaining('not known here') as string })
    // Whoever stands at that address is not who was meant, and is told nothing.
    const wrongMachine = await second().muster('join', forged({ fingerprint: 'f'.repeat(64) }))
    expect(wrongMachine).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Another machine answers') as string,
    })
    expect(await second().muster('join', 'muster1.nonsense')).toMatchObject({ code: 1 })
    expect(await second().muster('join', token)).toMatchObject({ code: 0 })
    await allLinked(first(), 2)
    const again = await third().muster('join', token)
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('used already') as string })
  })

  it('refuses a token that has expired', async () => {
    const short = (await first().ask('/cluster/invite', { method: 'POST', json: { validForMs: 1000 } })) as {
      token: string
    }
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const late = await third().muster('join', short.token)
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('has expired') as string })
  })

  it('lets in who shows the same digits, when somebody allows it', async () => {
    await third().ask('/cluster/join', { method: 'POST', json: { nodeId: first().nodeId } })
    const { asking } = await until(
      'it asks',
      () => first().cluster(),
      (view) => view.asking.length > 0,
    )
    const { joining } = await until(
      'it waits',
      () => third().cluster(),
      (view) => view.joining?.state === 'waiting',
    )
    expect(joining).toMatchObject({ state: 'waiting', digits: asking[0]?.digits, friendlyName: 'machine 1' })
    expect(asking[0]).toMatchObject({ nodeId: third().nodeId, friendlyName: 'machine 3' })
    expect((await first().cluster()).members).toHaveLength(2)
    await first().ask(`/cluster/requests/${asking[0]?.requestId}`, { method: 'POST', json: { allow: true } })
    await Promise.all(nodes.map((node) => allLinked(node, 3)))
  })

  it('says nothing to a stranger with a certificate of his own making', async () => {
    const { privateKey: key, certificate: cert } = await createCertificate()
    const script = `
      const { connect } = require('node:tls')
      const [key, cert] = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
      const socket = connect({ host: '${first().host.address}', port: 52417, key, cert, rejectUnauthorized: false }, () => {
        socket.write('GET /link HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n')
      })
      let said = ''
      socket.on('data', (chunk) => (said += chunk))
      socket.on('error', () => undefined)
      socket.on('close', () => console.log(JSON.stringify(said)))`
    const child = second().host.spawn(process.execPath, ['-e', script])
    child.stdin?.end(JSON.stringify([key, cert]))
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await new Promise((resolve) => child.once('close', resolve))
    expect(said.trim()).toBe('""')
  })

  it('goes on as one when nobody is announced and every address is forgotten but one that a person gives', async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    for (const { dataDir } of nodes) rmSync(join(dataDir, 'peers.json'))
    const args = ['--no-discovery', '--peer', first().host.address]
    nodes = await Promise.all([0, 1, 2].map((at) => cluster.start(at, { args })))
    await Promise.all(nodes.map((node) => allLinked(node, 3)))
  })

  it('goes on as one when all are started anew, found by the addresses they know', async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    nodes = await Promise.all([0, 1, 2].map((at) => cluster.start(at, { args: ['--no-discovery'] })))
    await Promise.all(nodes.map((node) => allLinked(node, 3)))
  })
})
