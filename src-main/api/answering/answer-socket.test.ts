import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { clientGone } from './answer-socket'

const server = createServer()
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A request whose answer is not begun, and its client. */
const asked = async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n')
  const [, out] = (await once(server, 'request')) as [unknown, ServerResponse]
  return { client, out }
}

describe('a client that disconnects', () => {
  it('is noticed when it does', async () => {
    const { client, out } = await asked()
    const gone = clientGone(out)
    expect(gone.aborted).toBe(false)
    client.destroy()
    await once(gone, 'abort')
  })

  it('is noticed also where it did so before anybody watched', async () => {
    const { client, out } = await asked()
    client.destroy()
    await once(out, 'close')
    expect(clientGone(out).aborted).toBe(true)
  })
})
