import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { GenerationRequest } from '@core/generation/request'
import { ModelId, TaskId } from '@core/ids'
import { RequestsUnderWay } from './requests-under-way'

const request = (taskId: string): GenerationRequest => ({
  taskId: TaskId.parse(taskId),
  modelId: ModelId.parse('muster/tiny'),
  prompt: { kind: 'text', text: 'go' },
  sampling: {},
  stop: [],
})

const start = () => {
  const cancelled: TaskId[] = []
  const requests = new RequestsUnderWay({ cancel: (taskId) => cancelled.push(taskId), onAnswered: () => undefined })
  return { requests, cancelled, client: new AbortController() }
}

const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 }

describe('the requests that a runner serves', () => {
  it('are cancelled when their client has gone', () => {
    const { requests, cancelled, client } = start()
    requests.begin(request('one'), client.signal)
    client.abort()
    expect(cancelled).toEqual(['one'])
  })

  it('are not cancelled any more once they are over, however they ended', () => {
    const { requests, cancelled, client } = start()
    for (const name of ['answered', 'refused', 'lost']) requests.begin(request(name), client.signal)
    requests.take({ type: 'finished', taskId: TaskId.parse('answered'), reason: 'stop', usage })
    requests.take({ type: 'rejected', taskId: TaskId.parse('refused'), code: 'invalid_request', message: 'no' })
    requests.failAll('the runner is gone')
    client.abort()
    expect(cancelled).toEqual([])
  })

  it('leave nothing behind on the signal of a client that is answered by one runner after another', () => {
    const { requests, client } = start()
    for (let attempt = 0; attempt < 20; attempt += 1) {
      requests.begin(request(`attempt ${attempt}`), client.signal)
      requests.failAll('the runner is gone')
    }
    expect(getEventListeners(client.signal, 'abort')).toEqual([])
  })
})
