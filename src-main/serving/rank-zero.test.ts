import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '@core/generation/request'
import { InstanceId, NodeId } from '@core/ids'
import { EMBEDDINGS_SINCE_PROTOCOL } from '@core/state/nodes'
import { emptyState, type State } from '@core/state/state'
import { rankZero } from './rank-zero'

const instanceId = InstanceId.parse('instance')
const shards = [{ nodeId: NodeId.parse('there') }]
const idle = { ...emptyState(), instances: { [instanceId]: { instanceId, shards } } } as unknown as State

const chat = { prompt: { kind: 'text', text: 'x' } } as GenerationRequest

/** Updates that the client receives when the link fails with this error. */
const updatesAfter = async (error: Error, { state = idle, request = chat } = {}): Promise<unknown[]> => {
  const { generate } = rankZero({
    self: NodeId.parse('here'),
    state: () => state,
    here: { generate: () => expect.unreachable() },
    elsewhere: async function* () {
      throw error
    },
    suspects: { refusal: () => undefined, of: () => undefined },
  })
  const updates: unknown[] = []
  const options = { instanceId, signal: new AbortController().signal, key: 'local' }
  for await (const update of generate(request, options)) updates.push(update)
  return updates
}

describe('a request for another machine', () => {
  it('that is too large for a link is refused as the client’s error', async () => {
    const tooLarge = Object.assign(new Error('it is too large'), { code: 'too_large' })
    expect(await updatesAfter(tooLarge)).toMatchObject([{ type: 'failed', code: 'invalid_request' }])
  })

  it('that asks an older Muster for embeddings is refused, and says which machine to update', async () => {
    const node = { protocol: EMBEDDINGS_SINCE_PROTOCOL - 1, name: 'mini' }
    const state = { ...idle, nodes: { there: node } } as unknown as State
    const request = { prompt: { kind: 'embed', inputs: ['x'] } } as unknown as GenerationRequest
    const [failed] = await updatesAfter(new Error('it was asked'), { state, request })
    expect(failed).toMatchObject({ type: 'failed', code: 'unsupported' })
    expect(failed).toHaveProperty('message', expect.stringContaining('there, which runs this model, has an older'))
  })

  it('that is lost with its link may be retried', async () => {
    const lost = Object.assign(new Error('it was lost'), { code: 'link_lost' })
    expect(await updatesAfter(lost)).toMatchObject([{ type: 'failed', code: 'runner_failed' }])
  })

  it('whose machine is unreachable waits for it', async () => {
    const away = Object.assign(new Error('it is not connected'), { code: 'not_connected' })
    expect(await updatesAfter(away)).toMatchObject([{ type: 'failed', code: 'model_unavailable' }])
  })
})
