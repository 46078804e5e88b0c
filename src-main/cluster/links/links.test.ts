import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { NodeId } from '@core/ids'
import type { Hello } from '@core/protocols/peer'
import { AddressBook } from './address-book'
import { CLOSED, SOCKET_OPTIONS, type Link } from './link'
import { Links } from './links'

const SELF = NodeId.parse('b')
const PEER = NodeId.parse('c')
const PATIENT = { timeout: 30_000, interval: 10 }

const hello = (boot: string): Hello => ({
  ...{ type: 'hello', protocols: { from: 1, to: 1 }, boot, version: '1.0.0', clusterId: 'cluster', port: 0 },
  ...{ addresses: [], probe: { port: 0, key: '' } },
})

let server: WebSocketServer
let links: Links
let up: Link[]
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...SOCKET_OPTIONS })
  await once(server, 'listening')
  up = []
  links = new Links({
    identity: { nodeId: SELF, certificate: '', privateKey: '' },
    // Nothing is dialled: only the peer calls.
    book: new AddressBook(join(tmpdir(), 'no-address-book'), { given: [], isMember: () => false }),
    reportedAddresses: () => [],
    members: () => [SELF, PEER],
    hello: () => hello('own'),
    handlers: new Map(),
    relaysFor: () => [],
    onUp: (link) => void up.push(link),
    onDown: () => undefined,
    onRefused: () => undefined,
    onFrame: () => undefined,
    onRemoved: () => undefined,
    admittedAt: () => 0,
    onSameIdentity: () => undefined,
    log: { info: () => undefined, warn: () => undefined },
  })
})
afterEach(async () => {
  links.close()
  for (const client of server.clients) client.terminate()
  await new Promise((resolve) => server.close(resolve))
})

/** The process `boot` of the peer calls; `answers`: whether it answers pings. */
const calls = async (boot: string, { answers = true } = {}): Promise<WebSocket> => {
  const called = once(server, 'connection') as Promise<[WebSocket]>
  const { port } = server.address() as AddressInfo
  const caller = new WebSocket(`ws://127.0.0.1:${port}`, { ...SOCKET_OPTIONS, autoPong: answers })
  await once(caller, 'open')
  const [socket] = await called
  links.enter({ nodeId: PEER, certificate: '', socket, remoteAddress: '' })
  caller.send(JSON.stringify(hello(boot)))
  // Its answer shows that the handshake before it was taken.
  caller.ping()
  await once(caller, 'pong')
  return caller
}

describe('while the earlier process of a member that calls again is asked whether it lives', () => {
  it('the member may call twice: one of the links stays, and the other closes', async () => {
    await calls('earlier', { answers: false })
    await expect.poll(() => up.length, PATIENT).toBe(1)
    const first = await calls('later')
    const closed = once(first, 'close') as Promise<[number]>
    await calls('later')
    expect((await closed)[0]).toBe(CLOSED.duplicate)
    expect(links.get(PEER)?.isOpen).toBe(true)
  })

  it('a link that closes meanwhile is not kept', async () => {
    await calls('earlier', { answers: false })
    await expect.poll(() => up.length, PATIENT).toBe(1)
    ;(await calls('later')).terminate()
    await calls('latest')
    await expect.poll(() => links.get(PEER)?.peerHello?.boot, PATIENT).toBe('latest')
    expect(up.every((link) => link.peerHello?.boot !== 'later')).toBe(true)
  })

  it('this node may leave: the new link closes too', async () => {
    await calls('earlier', { answers: false })
    await expect.poll(() => up.length, PATIENT).toBe(1)
    const later = await calls('later')
    const closed = once(later, 'close') as Promise<[number]>
    links.close()
    expect((await closed)[0]).toBe(CLOSED.notMember)
    expect(up).toHaveLength(1)
  })
})
