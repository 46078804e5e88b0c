import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '@core/generation/request'
import { InstanceId, NodeId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { rankZero } from './rank-zero'

const instanceId = InstanceId.parse('instance')
const shards = [{ nodeId: NodeId.parse('there') }]
const state = { ...emptyState(), instances: { [instanceId]: { instanceId, shards } } } as unknown as State

/** What the client hears where the link refuses with that. */
const heard = async (error: Error): Promise<unknown[]> => {
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
  for await (const update of generate({} as GenerationRequest, options)) updates.push(update)
  return updates
}

describe('a request for another machine', () => {
  it('that no link can carry is the client’s to make smaller', async () => {
    const tooLarge = Object.assign(new Error('it is too large'), { code: 'too_large' })
    expect(await heard(tooLarge)).toMatchObject([{ type: 'failed', code: 'invalid_request' }])
  })

  it('that is lost with its link may be asked again', async () => {
    const lost = Object.assign(new Error('it was lost'), { code: 'link_lost' })
    expect(await heard(lost)).toMatchObject([{ type: 'failed', code: 'runner_failed' }])
  })
})
