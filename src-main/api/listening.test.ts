import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { listen, ListenError, type Fetch, type Listening } from './listening'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const serving = async (fetch: Fetch): Promise<Listening> => {
  const listening = await listen(fetch, { host: '127.0.0.1', port: 0, option: '--port' })
  open.push(listening)
  return listening
}

/** A raw TCP client. `received` resolves with all received bytes when the connection ends. */
const client = async ({ url }: Listening): Promise<{ socket: Socket; received: Promise<string> }> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const received = new Promise<string>((resolve, reject) => {
    socket.once('close', () => resolve(text))
    socket.once('error', reject)
  })
  return { socket, received }
}

const REQUEST = ['GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n', '\r\n'] as const

describe('a port that is closed', () => {
  it('answers the request that was only half there', async () => {
    const listening = await serving(() => new Response('restarting', { status: 503 }))
    const { socket, received } = await client(listening)
    socket.write(REQUEST[0])
    const closed = listening.close()
    setImmediate(() => socket.write(REQUEST[1]))
    expect(await received).toMatch(/^HTTP\/1\.1 503 [^]*restarting/)
    await closed
  })

  it('answers the request that is being decided, and lets its connection go', async () => {
    let decide: (answer: Response) => void = () => undefined
    let asked: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => (asked = resolve))
    const listening = await serving(() => {
      asked()
      return new Promise((resolve) => (decide = resolve))
    })
    const { socket, received } = await client(listening)
    socket.write(REQUEST.join(''))
    await arrived
    const closed = listening.close()
    setImmediate(() => decide(new Response('late')))
    expect(await received).toContain('late')
    await closed
  })

  it('accepts a connection that the system held ready, but none after it', async () => {
    const listening = await serving(() => new Response('taken'))
    const held = client(listening)
    const closed = listening.close()
    const { socket, received } = await held
    socket.write(REQUEST.join(''))
    expect(await received).toContain('taken')
    await closed
    await expect(client(listening)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends what streams without end, and waits for nobody who says nothing', async () => {
    const listening = await serving(
      () => new Response(new ReadableStream({ pull: (to) => to.enqueue(Buffer.from('tick')) })),
    )
    const silent = await client(listening)
    const { socket, received } = await client(listening)
    socket.write(REQUEST.join(''))
    await once(socket, 'data')
    await listening.close()
    expect(await received).toContain('200 OK')
    expect(await silent.received).toBe('')
  })

  it('may be taken by another program: then it says which option chooses another', async () => {
    const { url } = await serving(() => new Response(''))
    const again = listen(() => new Response(''), {
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      option: '--port',
    })
    await expect(again).rejects.toThrow(ListenError)
    await expect(again).rejects.toMatchObject({
      code: 'port_in_use',
      hint: expect.stringContaining('--port') as string,
    })
  })

  it('may be asked for at an address of no machine here: then it says which ones there are', async () => {
    const elsewhere = listen(() => new Response(''), { host: '192.0.2.1', port: 0, option: '--port' })
    await expect(elsewhere).rejects.toMatchObject({
      code: 'cannot_listen',
      hint: expect.stringMatching(/--host.*127\.0\.0\.1/) as string,
    })
  })
})
