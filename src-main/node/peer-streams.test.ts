import { describe, expect, it } from 'vitest'
import type { GenerationUpdate } from '@core/generation/stream'
import { InstanceId, NodeId } from '@core/ids'
import type { InstanceQueues } from '../serving/index'
import { ClusterSuspects } from '../suspects/cluster-suspects'
import { Later } from './later'
import { peerStreams } from './peer-streams'

const PARAMS = {
  form: 2,
  request: {
    taskId: '22222222-2222-4222-8222-222222222222',
    modelId: 'muster/tiny',
    prompt: { kind: 'text', text: 'x' },
    sampling: {},
    stop: [],
  },
  instanceId: InstanceId.parse('11111111-1111-4111-8111-111111111111'),
  key: 'anyone',
}

/** A machine whose links are open before its worker has started. */
const starting = () => {
  const queues = new Later<Pick<InstanceQueues, 'generate'>>()
  const nodeId = NodeId.parse('a'.repeat(64))
  const streams = peerStreams({
    catalogue: { list: () => [], held: () => undefined, card: () => Promise.reject(new Error('no card')) },
    queues,
    usage: () => ({}),
    promptCache: () => ({ directory: '/nowhere', maxBytes: 0 }),
    supply: new Later(),
    suspected: new ClusterSuspects({ self: nodeId, master: () => nodeId, links: () => undefined }),
  })
  const ask = (signal: AbortSignal): AsyncIterator<unknown> => {
    const stream = streams.get('generate')?.(PARAMS, signal)
    if (!stream) throw new Error('nothing generates')
    return stream[Symbol.asyncIterator]()
  }
  return { queues, ask }
}

const DONE = { type: 'done' } as unknown as GenerationUpdate

describe('a machine that another one asks while it starts', () => {
  it('answers as soon as it can', async () => {
    const { queues, ask } = starting()
    const first = ask(new AbortController().signal).next()
    queues.set({
      generate: async function* () {
        yield await Promise.resolve(DONE)
      },
    })
    expect(await first).toEqual({ value: DONE, done: false })
  })

  it('lets go of a request that is given up meanwhile', async () => {
    const { ask } = starting()
    const caller = new AbortController()
    const first = ask(caller.signal).next()
    caller.abort(new Error('given up'))
    await expect(first).rejects.toThrow('given up')
  })
})
