import { describe, expect, it } from 'vitest'
import type { Envelope, Event } from '@core/events/event'
import { fold } from '@core/fold/index'
import type { GenerationUpdate } from '@core/generation/stream'
import { next } from '@core/events/next'
import { RunnerId } from '@core/ids'
import { readyWorld } from '@core/testing/world'
import { Metrics } from './metrics'

const usage = {
  promptTokens: 100,
  cachedTokens: 60,
  diskTokens: 30,
  peerTokens: 20,
  completionTokens: 5,
  draftTokens: 8,
  acceptedDraftTokens: 3,
}
const answer: GenerationUpdate[] = [
  { type: 'delta', content: [{ channel: 'text', text: 'a' }], tokens: 1 },
  { type: 'finished', reason: 'stop', usage },
]

/** A node's figures over a state that a test changes. */
const figures = () => {
  const { world, id: metaInstanceId } = readyWorld()
  const listeners = new Set<(envelope: Envelope) => void>()
  const metrics = new Metrics({
    source: {
      state: () => world.state,
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    live: () => ({ running: 2, waiting: 3 }),
    reconciles: () => 7,
    isMaster: () => true,
    usage: () => ({}),
    keyName: String,
  })
  const happens = (event: Event): void => {
    const envelope = next(world.state, event, world.now)
    world.state = fold(world.state, envelope)
    for (const listener of listeners) listener(envelope)
  }
  const value = async (series: string): Promise<number | undefined> => {
    const { text } = await metrics.page({ byKey: false })
    const line = text.split('\n').find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }
  const ask = async (model: string, updates: readonly GenerationUpdate[], until = updates.length): Promise<void> => {
    const generate = metrics.measuring(async function* () {
      yield* updates
    })
    let count = 0
    for await (const _update of generate({ model }, {})) if (++count >= until) break
  }
  return { world, metaInstanceId, happens, value, ask, model: world.metaInstance(metaInstanceId).modelId }
}

describe('figures of requests', () => {
  it('exist as zeros before the first request', async () => {
    const { value, model } = figures()
    expect(await value(`muster_requests_total{model="${model}",outcome="failed"}`)).toBe(0)
    expect(await value(`muster_time_to_first_token_seconds_count{model="${model}"}`)).toBe(0)
    expect(await value(`muster_cached_prompt_tokens_total{model="${model}",tier="peer"}`)).toBe(0)
    expect(await value(`muster_draft_tokens_total{model="${model}",result="accepted"}`)).toBe(0)
    expect(await value('muster_retries_total')).toBe(0)
    expect([await value('muster_reconciles_total'), await value('muster_reconciles_total')]).toEqual([7, 7])
    expect(await value('muster_decisions_total{type="InstanceRetrying"}')).toBe(0)
    expect(await value('muster_requests{status="waiting"}')).toBe(3)
  })

  it('count tokens by what had to be computed, and how each request ended', async () => {
    const { value, ask, model } = figures()
    await ask(model, answer)
    await ask(model, answer, 1)
    await ask(model, [{ type: 'failed', code: 'runner_failed', message: 'died' }])
    await ask(model, [{ type: 'failed', code: 'context_length_exceeded', message: 'long' }])
    for (const [outcome, count] of Object.entries({ finished: 1, cancelled: 1, failed: 1, refused: 1 }))
      expect(await value(`muster_requests_total{model="${model}",outcome="${outcome}"}`)).toBe(count)
    expect(await value(`muster_prompt_tokens_total{model="${model}",source="computed"}`)).toBe(40)
    expect(await value(`muster_prompt_tokens_total{model="${model}",source="cached"}`)).toBe(60)
    for (const [tier, count] of Object.entries({ memory: 10, disk: 30, peer: 20 }))
      expect(await value(`muster_cached_prompt_tokens_total{model="${model}",tier="${tier}"}`)).toBe(count)
    for (const [result, count] of Object.entries({ accepted: 3, rejected: 5 }))
      expect(await value(`muster_draft_tokens_total{model="${model}",result="${result}"}`)).toBe(count)
    expect(await value(`muster_completion_tokens_total{model="${model}"}`)).toBe(5)
    expect(await value(`muster_time_to_first_token_seconds_count{model="${model}"}`)).toBe(2)
  })

  it('count made-up model names under one label', async () => {
    const { value, ask } = figures()
    for (const name of ['made/up', 'made/up2'])
      await ask(name, [{ type: 'failed', code: 'model_not_found', message: 'no' }])
    expect(await value('muster_requests_total{model="unknown",outcome="refused"}')).toBe(2)
    expect(await value('muster_requests_total{model="made/up",outcome="refused"}')).toBeUndefined()
  })
})

describe('figures of what the cluster decides', () => {
  it('count a recovery once the declaration serves again', async () => {
    const { world, happens, value, metaInstanceId } = figures()
    const [instance] = Object.values(world.state.instances)
    if (!instance) throw new Error('nothing is placed')
    const runnerId = RunnerId.parse('again')
    const { instanceId } = instance
    happens({ type: 'InstanceRetrying', metaInstanceId, instanceId, failureError: 'died', runnerIds: [runnerId] })
    expect(await value('muster_retries_total')).toBe(1)
    expect(await value('muster_recovery_seconds_count')).toBe(0)
    happens({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
    expect(await value('muster_recovery_seconds_count')).toBe(1)
  })

  it('count changes of the master', async () => {
    const { world, metaInstanceId, happens, value } = figures()
    const { term } = world.state
    world.state = { ...world.state, term: term + 1 }
    happens({ type: 'MetaInstanceRecovered', metaInstanceId })
    expect(await value('muster_elections_total')).toBe(1)
    expect(await value('muster_term')).toBe(term + 1)
  })
})
