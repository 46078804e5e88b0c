import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { NodeId } from '@core/ids'
import type { Hello } from '@core/protocols/peer'
import { createCertificate, publicKeyHash } from '../certificate'
import type { Identity } from '../identity'
import { AddressBook, type PeerAddress } from './address-book'
import { dial } from './dial'
import { CLOSED, type Link } from './link'
import { LINK_PATH, Links } from './links'
import { listen, type Listener } from './listener'

const OTHER_PATH = '/other'
const PATIENT = { timeout: 30_000, interval: 10 }

const newIdentity = async (): Promise<Identity> => {
  const { certificate, privateKey } = await createCertificate()
  return { nodeId: NodeId.parse(publicKeyHash(new X509Certificate(certificate))), certificate, privateKey }
}

const hello: Hello = {
  ...{ type: 'hello', protocols: { from: 1, to: 1 }, boot: 'boot', version: '1.0.0', clusterId: 'cluster', port: 0 },
  ...{ addresses: [], probe: { port: 0, key: '' } },
}

/** A port at which nothing listens. */
const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

let [self, peer]: Identity[] = []
let listener: Listener | undefined
let links: Links | undefined
/** What becomes of each call that the peer takes. */
let answers: (socket: WebSocket) => void
let calls: number
let up: Link[]
let down: number
beforeEach(async () => {
  ;[self, peer] = await Promise.all([newIdentity(), newIdentity()])
  ;[calls, up, down] = [0, [], 0]
  answers = (socket) => socket.send(JSON.stringify(hello))
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(async () => {
  links?.close()
  vi.useRealTimers()
  await listener?.close()
  links = listener = undefined
})

/** The peer listens, and this node knows these addresses of it, the latest first. */
const begin = async (addresses: (port: number) => Promise<readonly PeerAddress[]>): Promise<Links> => {
  if (!self || !peer) throw new Error('nobody is there')
  const { nodeId } = peer
  const endpoint = {
    admits: () => true,
    enter: ({ socket }: { socket: WebSocket }) => {
      calls += 1
      socket.on('error', () => socket.terminate())
      answers(socket)
    },
  }
  const other = { admits: () => true, enter: ({ socket }: { socket: WebSocket }) => socket.close() }
  listener = await listen({ identity: peer, port: 0, endpoints: { [LINK_PATH]: endpoint, [OTHER_PATH]: other } })
  const book = new AddressBook(join(tmpdir(), 'no-address-book', nodeId), { given: [], isMember: () => true })
  book.add(nodeId, await addresses(listener.port))
  links = new Links({
    ...{ identity: self, book, reportedAddresses: () => [], members: () => [nodeId], hello: () => hello },
    ...{ handlers: new Map(), relaysFor: () => [], onFrame: () => undefined, onRefused: () => undefined },
    ...{ onUp: (link: Link) => void up.push(link), onDown: () => void (down += 1), onRemoved: () => undefined },
    ...{ admittedAt: () => 0, onSameIdentity: () => undefined, log: { info: () => undefined, warn: () => undefined } },
  })
  return links
}

/** The interval of dialling is over. */
const nextInterval = (): void => void vi.advanceTimersByTime(1000)

/** A call to the same machine that makes no link. */
const callElsewhere = async (): Promise<void> => {
  if (!self || !peer || !listener) throw new Error('nobody is there')
  const address = { ip: '127.0.0.1', port: listener.port }
  const { socket } = await dial({ identity: self, address, path: OTHER_PATH, expected: peer.nodeId })
  await once(socket, 'close')
}

describe('a member that closes each link because it will not have it', () => {
  it.each(['protocol', 'sameIdentity', 'notMember'] as const)(
    'is called again at the next interval: %s',
    async (why) => {
      answers = (socket) => {
        socket.send(JSON.stringify(hello))
        socket.once('message', () => socket.close(CLOSED[why], 'not like this'))
      }
      const own = await begin(async (port) => [{ ip: '127.0.0.1', port }])
      for (let called = 1; called <= 3; called += 1) {
        await expect.poll(() => [up.length, down], PATIENT).toEqual([called, called])
        // Other calls, one after the other, show that none is on its way.
        for (let other = 0; other < 5; other += 1) await callElsewhere()
        expect(calls).toBe(called)
        expect(peer && own.lastCall(peer.nodeId)).toMatchObject({ reason: 'not like this' })
        nextInterval()
      }
    },
  )
})

it('a machine that has many addresses is found at whichever it answers', async () => {
  const own = await begin(async (port) => {
    const dead = await Promise.all(Array.from({ length: 25 }, closedPort))
    return [...dead, port].map((one) => ({ ip: '127.0.0.1', port: one }))
  })
  const isLinked = (): boolean => peer !== undefined && own.get(peer.nodeId) !== undefined
  for (let tries = 0; tries < 100 && !isLinked(); tries += 1) {
    nextInterval()
    await callElsewhere()
    await callElsewhere()
  }
  expect(isLinked()).toBe(true)
})
