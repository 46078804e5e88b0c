import { afterEach, expect, it, vi } from 'vitest'
import { Api } from './access'

afterEach(() => vi.unstubAllGlobals())

/** A `fetch` that answers when the test says so. */
const slowFetch = () => {
  const answers: (() => void)[] = []
  const fetched = vi.fn(
    (_url: string, _options: RequestInit) =>
      new Promise<Response>((resolve) => answers.push(() => resolve(new Response()))),
  )
  vi.stubGlobal('fetch', fetched)
  const outlives = () => fetched.mock.calls.map(([, { keepalive }]) => keepalive)
  return { answers, outlives }
}

it('commands are sent even if their page ends; reads and cancellable requests are not', () => {
  const { outlives } = slowFetch()
  const api = new Api('')
  void api.request('/node/settings', { method: 'PATCH', json: { host: '::' } })
  void api.request('/api_keys/1', { method: 'DELETE' })
  void api.request('/state')
  void api.request('/v1/chat/completions', { method: 'POST', json: {}, signal: new AbortController().signal })
  expect(outlives()).toEqual([true, true, false, false])
})

it('a command larger than browsers keep alive, or several at once, are sent all the same', async () => {
  const { answers, outlives } = slowFetch()
  const api = new Api('')
  const send = (text: string) => api.request('/', { method: 'POST', json: text })
  const [thirty, seventy] = ['€'.repeat(10_000), 'a'.repeat(70_000)]
  void send(seventy)
  const first = send(thirty)
  void send(thirty)
  void send(thirty)
  answers[1]?.()
  await first
  void send(thirty)
  expect(outlives()).toEqual([false, true, true, false, true])
})
