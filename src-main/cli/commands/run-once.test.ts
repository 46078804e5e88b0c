import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { NodeApi } from '../api/node-api'
import { Output } from '../terminal/output'
import { askOnce } from './run-once'

let server: Server | undefined
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

const lost = { code: 'unreachable' }

/** What a question prints whose answer ends after some text. */
const cutAfter = async (text: string, json: boolean): Promise<string> => {
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (text !== '') response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  let said = ''
  const quiet = { isTerminal: false, colour: false, columns: () => undefined }
  const out = new Output({ ...quiet, write: async (more) => void (said += more) })
  const err = new Output({ ...quiet, write: async () => undefined })
  const api = new NodeApi({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const question = { model: 'm', label: 'm', messages: [{ role: 'user' as const, content: 'why?' }] }
  await expect(askOnce(question, { json }, { api, out, err })).rejects.toMatchObject(lost)
  return said
}

it('an answer that breaks off ends its line, so that the error begins one', async () => {
  expect(await cutAfter('Because', false)).toBe('Because\n')
  expect(await cutAfter('Because.\n', false)).toBe('Because.\n')
  expect(await cutAfter('', false)).toBe('')
  expect(await cutAfter('Because', true)).toBe('')
})
