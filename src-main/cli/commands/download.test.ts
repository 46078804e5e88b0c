import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { World } from '@core/testing/world'
import { NodeApi } from '../api/node-api'
import { Output } from '../terminal/output'
import { download, type Downloaded } from './download'

const MODEL = ModelId.parse('owner/model')
const PAUSED: Download = { status: 'Pending', paused: true, downloadedBytes: 1, totalBytes: 3 }
const GOING: Download = { status: 'Ongoing', downloadedBytes: 2, totalBytes: 3 }
const HERE: Download = { status: 'Complete', downloadedBytes: 3, totalBytes: 3 }

let server: Server | undefined
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

/** Downloads to a node whose states after the request have these downloads, one after the other. */
const downloaded = async (...states: readonly (Download | undefined)[]): Promise<Downloaded> => {
  const world = new World()
  const nodeId = world.addNode('mini')
  server = createServer(({ url }, response) => {
    if (url !== '/events') return void response.end(JSON.stringify({ modelId: MODEL, nodeId }))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const one of states) {
      const state = { ...world.state, downloads: { [nodeId]: one === undefined ? {} : { [MODEL]: one } } }
      response.write(`data: ${JSON.stringify({ kind: 'snapshot', state })}\n\n`)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const api = new NodeApi({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const err = new Output({ isTerminal: false, colour: false, columns: () => undefined, write: async () => undefined })
  return download(MODEL, {}, { api, err })
}

it('a paused download that is asked for again is waited for, though the state shows it as paused for a moment', async () => {
  expect(await downloaded(PAUSED, GOING, HERE)).toMatchObject({ modelId: MODEL, bytes: 3 })
})

it.each([
  ['paused', PAUSED],
  ['cancelled', undefined],
])('a download that another client has %s is waited for no longer', async (what, last) => {
  await expect(downloaded(PAUSED, GOING, last)).rejects.toThrow(`was ${what} by another client`)
})
