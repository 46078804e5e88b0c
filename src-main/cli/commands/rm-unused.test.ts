import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { NodeApi } from '../api/node-api'
import { Output } from '../terminal/output'
import { run as rmUnused } from './rm-unused'

let server: Server | undefined
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

/** The question and the result for so many unused copies. */
const removing = async (count: number): Promise<readonly string[]> => {
  const models = Array.from({ length: count }, (_, at) => ({ modelId: `org/model-${at}`, nodeId: 'mini', bytes: 1e9 }))
  const freedBytes = count * 1e9
  server = createServer(({ method }, response) => {
    const answer = method === 'DELETE' ? { removed: models, freedBytes, failed: [] } : { models, bytes: freedBytes }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const said: string[] = []
  const quiet = { isTerminal: false, colour: false, columns: () => undefined }
  const out = new Output({ ...quiet, write: async (text) => void said.push(text) })
  const err = new Output({ ...quiet, write: async () => undefined })
  const confirm = async (question: string): Promise<boolean> => {
    said.push(question)
    return true
  }
  const api = new NodeApi({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const terminal = { interactive: true, confirm, secret: async () => '' }
  await rmUnused({ yes: false, json: false }, { api, out, err, terminal })
  return said
}

it('muster rm --unused counts one copy and several', async () => {
  expect(await removing(1)).toEqual(['Delete this copy (1.0 GB)?', '1 copy is deleted: 1.0 GB freed.\n'])
  expect(await removing(2)).toEqual(['Delete these 2 copies (2.0 GB)?', '2 copies are deleted: 2.0 GB freed.\n'])
})
