import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { NodeApi } from '../api/node-api'
import { UNREACHABLE } from '../exit-codes'
import { Output } from '../terminal/output'
import { run as bench } from './bench'

const DECLARED = {
  ...{ metaInstanceId: 'an-id', name: 'chat', modelId: 'org/model', paused: false, generation: 0, createdAt: 1 },
  ...{ sharding: 'Pipeline', instanceMeta: 'MlxRing', minNodes: 1, placementPreference: 'auto' },
  ...{ consecutiveFailures: 0, replacements: 0, status: 'READY', statusDetail: '' },
}
const RUNNING = {
  ...{ benchmarkId: 'one', model: 'an-id', modelId: 'org/model', scope: 'here', startedAt: 1, state: 'running' },
  placements: [],
}

const server = createServer(({ url = '' }, response) => {
  if (url === '/benchmarks/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    // As a node that is killed: the stream has no end.
    response.write(`data: ${JSON.stringify({ benchmarks: [RUNNING] })}\n\n`, () => response.destroy())
  } else if (url === '/meta_instances') response.end(JSON.stringify({ metaInstances: [DECLARED] }))
  else if (url.startsWith('/benchmarks/plan'))
    response.end(JSON.stringify({ placements: [], disturbs: { serving: false, requests: 0, loads: 0 } }))
  else response.end(JSON.stringify(RUNNING))
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

it('muster bench says that its node was lost in the midst of a benchmark', async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const api = new NodeApi({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const silent = new Output({
    write: async () => undefined,
    ...{ isTerminal: false, colour: false, columns: () => undefined },
  })
  const terminal = { interactive: false, confirm: async () => false, secret: async () => '' }
  await expect(
    bench({ model: 'chat', everywhere: false, json: false }, { api, out: silent, err: silent, terminal }),
  ).rejects.toMatchObject({
    message: 'The connection to the node was lost; the benchmark may still run there',
    exitCode: UNREACHABLE,
  })
})
