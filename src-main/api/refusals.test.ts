import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { respondWith } from './dialect'
import { failureOf } from './generation-failure'
import { Problem } from './problem'

/** Response to a client of that route when the model's queue refuses its request. */
const refusalOf = async (path: string, code: 'overloaded' | 'too_many_requests') => {
  const app = new Hono()
  app.onError((error, c) => (error instanceof Problem ? respondWith(c, error) : c.text('unexpected', 500)))
  app.post(path, () => {
    throw failureOf({ type: 'failed', code, message: 'many wait', retryAfter: 7 })
  })
  const response = await app.request(path, { method: 'POST' })
  return [response.status, response.headers.get('retry-after'), await response.json()] as const
}

describe('where too many requests wait', () => {
  it('clients of OpenAI hear that the service is unavailable', async () => {
    const error = { type: 'service_unavailable', code: 'overloaded', message: 'many wait', param: null }
    expect(await refusalOf('/v1/chat/completions', 'overloaded')).toEqual([503, '7', { error }])
  })

  it('clients of Anthropic hear what its own service says', async () => {
    const error = { type: 'overloaded_error', message: 'many wait' }
    expect(await refusalOf('/v1/messages', 'overloaded')).toMatchObject([529, '7', { type: 'error', error }])
  })

  it('clients of Ollama hear that the server is busy', async () => {
    const error = 'server busy, please try again: many wait'
    expect(await refusalOf('/api/chat', 'overloaded')).toEqual([503, '7', { error }])
  })

  it.each(['/v1/chat/completions', '/v1/messages', '/api/chat'])(
    'with one key, clients of %s hear that',
    async (path) => {
      expect(await refusalOf(path, 'too_many_requests')).toMatchObject([
        429,
        '7',
        { error: expect.anything() as unknown },
      ])
    },
  )
})
