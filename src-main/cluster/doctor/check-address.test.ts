import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { loadIdentity, type Identity } from '../identity'
import { listen } from '../links/listener'
import { checkAddress } from './check-address'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const identity = (): Promise<Identity> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-'))
  closers.push(() => rmSync(dataDir, { recursive: true, force: true }))
  return loadIdentity({ dataDir, onWarning: () => undefined })
}

/** A TCP server that handles its connections as given. */
const plain = async (onConnection: (server: Server) => void): Promise<number> => {
  const server = createServer()
  onConnection(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const at = (port: number) => ({ ip: '127.0.0.1', port })

describe('a check of one address', () => {
  it('says that the machine that was meant is there, or that it is another one', async () => {
    const [here, there] = await Promise.all([identity(), identity()])
    const listener = await listen({ identity: there, port: 0, endpoints: {} })
    closers.push(() => listener.close())
    const address = at(listener.port)
    expect(await checkAddress({ identity: here, address, expected: there.nodeId })).toEqual({
      ...address,
      tcp: 'open',
      tls: 'ok',
    })
    const stranger = NodeId.parse('f'.repeat(64))
    expect(await checkAddress({ identity: here, address, expected: stranger })).toMatchObject({ tls: 'other_machine' })
  })

  it('says that nothing listens there', async () => {
    const here = await identity()
    const port = await plain(() => undefined)
    await closers.pop()?.()
    expect(await checkAddress({ identity: here, address: at(port), expected: here.nodeId })).toEqual({
      ...at(port),
      tcp: 'refused',
    })
  })

  it('says that something else listens there, whether it hangs up, talks nonsense or stays silent', async () => {
    const here = await identity()
    const hangsUp = await plain((server) => server.on('connection', (socket) => socket.destroy()))
    const nonsense = await plain((server) => server.on('connection', (socket) => socket.end('HTTP/1.1 400\r\n\r\n')))
    const silent = await plain((server) =>
      server.on('connection', (socket) => void closers.push(() => socket.destroy())),
    )
    for (const port of [hangsUp, nonsense, silent])
      expect(await checkAddress({ identity: here, address: at(port), expected: here.nodeId, withinMs: 2000 })).toEqual({
        ...at(port),
        tcp: 'open',
        tls: 'failed',
      })
  })
})
