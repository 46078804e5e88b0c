import { getEventListeners, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { CommandError } from '../exit-codes'
import { NodeApi } from './node-api'

const Answer = z.object({ text: z.string() })

describe('the API of a node, for commands', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.close()
    server?.closeAllConnections()
    server = undefined
  })

  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => {
    server = createServer(answer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const failure = async (asked: Promise<unknown>): Promise<CommandError> => {
    const error: unknown = await asked.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error instanceof CommandError) return error
    throw new Error(`it did not fail as it should: ${String(error)}`)
  }

  it('sends the key, and takes an address without its scheme and with a path', async () => {
    const url = await serve(({ url: path, headers }, response) => {
      response.end(JSON.stringify({ text: `${path} ${headers.authorization}` }))
    })
    const api = new NodeApi({ url: `${url}/below`, key: 'mst_key' })
    expect(await api.ask('/state', Answer)).toEqual({ text: '/below/state Bearer mst_key' })
  })

  it('sends a key without the line break of its file, and refuses what cannot be a key before it asks', async () => {
    const url = await serve(({ headers }, response) => {
      response.end(JSON.stringify({ text: headers.authorization }))
    })
    expect(await new NodeApi({ url, key: 'mst_key\r\n' }).ask('/state', Answer)).toEqual({ text: 'Bearer mst_key' })
    for (const key of ['a\nb', 'a b', 'schlüssel'])
      expect(await failure(new NodeApi({ url, key }).ask('/state', Answer))).toMatchObject({
        message: 'The API key has a character that no key has',
        exitCode: 2,
      })
  })

  it('says what to do where a key is missing', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(401).end(JSON.stringify({ error: { message: 'needs a key' } }))
    })
    expect(await failure(new NodeApi({ url }).ask('/state', Answer))).toMatchObject({
      message: 'needs a key',
      hint: expect.stringContaining('MUSTER_API_KEY'),
      exitCode: 1,
    })
  })

  it.each<[string, number, unknown, { message: string; exitCode: number }]>([
    [
      'a route with its code',
      400,
      { error: { code: 'unknown_model', message: 'no such' } },
      { message: 'no such', exitCode: 4 },
    ],
    ['Ollama’s dialect', 500, { error: 'broken' }, { message: 'broken', exitCode: 1 }],
    ['nothing that is understood', 502, { error: { message: 5 } }, { message: 'The node answered 502', exitCode: 1 }],
  ])('tells an error of %s', async (_of, status, body, expected) => {
    const url = await serve((_request, response) => void response.writeHead(status).end(JSON.stringify(body)))
    expect(await failure(new NodeApi({ url }).tell('/x'))).toMatchObject(expected)
  })

  it('tells what is no node, what is of another version, and what does not answer in time', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/page') response.end('<html>')
      if (path === '/gateway') response.writeHead(502).end('<h1>Bad Gateway</h1>')
      if (path === '/other') response.end('{"text": 5}')
    })
    const api = new NodeApi({ url })
    expect(await failure(api.ask('/page', Answer))).toMatchObject({
      message: expect.stringContaining('not a Muster node'),
      exitCode: 3,
    })
    expect(await failure(api.tell('/gateway'))).toMatchObject({
      message: expect.stringContaining('not a Muster node'),
      exitCode: 3,
    })
    expect(await failure(api.ask('/other', Answer))).toMatchObject({
      hint: expect.stringContaining('version'),
      exitCode: 1,
    })
    expect(await failure(api.ask('/silent', Answer, { withinMs: 50 }))).toMatchObject({
      message: expect.stringContaining('did not answer in time'),
      exitCode: 3,
    })
  })

  it('tells a connection that is cut in the midst of an answer', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"text":', () => response.destroy())
    })
    expect((await failure(new NodeApi({ url }).ask('/state', Answer))).exitCode).toBe(3)
  })

  it('leaves nothing on the signal of a command, however often that asks and whatever comes of it', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/cut') response.destroy()
      else response.writeHead(path === '/refused' ? 400 : 200).end('{"text": "x"}')
    })
    const { signal } = new AbortController()
    const api = new NodeApi({ url })
    const listeners = (): number => getEventListeners(signal, 'abort').length
    await api.ask('/state', Answer, { signal })
    await failure(api.ask('/refused', Answer, { signal }))
    await failure(api.ask('/cut', Answer, { signal, withinMs: Infinity }))
    await vi.waitFor(() => expect(listeners()).toBe(0), 30_000)
    const stream = await api.open('/state', { signal, withinMs: Infinity })
    expect(listeners()).toBeGreaterThan(0)
    stream.destroy()
    await vi.waitFor(() => expect(listeners()).toBe(0), 30_000)
  })

  it.each(['ftp://x', 'http://', 'a b'])('refuses %s as an address', (url) => {
    expect(() => new NodeApi({ url })).toThrow(`${url} is not the address of a node`)
  })
})
