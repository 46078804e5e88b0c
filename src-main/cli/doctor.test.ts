import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Macs } from '@core/testing/macs'
import { warningsOf } from '@core/warnings/warnings'
import { doctor } from './doctor'

describe('muster doctor', () => {
  let server: Server | undefined
  const close = (): void => {
    server?.close()
    server?.closeAllConnections()
    server = undefined
  }
  afterEach(close)

  /** A node that answers as the core says of this state. */
  const serve = async (macs: Macs): Promise<string> => {
    const body = JSON.stringify({ warnings: warningsOf(macs.state) })
    server = createServer((request, response) => {
      const known = request.url === '/warnings'
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' }).end(known ? body : '{}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const run = async (url: string, options: { json: boolean } = { json: false }) => {
    let text = ''
    const code = await doctor({ url, ...options }, { out: async (more) => void (text += more) })
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
    expect([code, JSON.parse(text)]).toEqual([1, { warnings: warningsOf(macs.state) }])
  })

  it('says plainly that no node answers', async () => {
    const url = await serve(new Macs())
    close()
    await expect(run(url)).rejects.toThrow(`No node answers at ${url}`)
  })
})
