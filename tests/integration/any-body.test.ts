import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { ChatCompletionRequest } from '@main/api/openai/chat/schema'
import { CompletionRequest } from '@main/api/openai/completions/schema'
import { EmbeddingRequest } from '@main/api/openai/embeddings/schema'
import { ResponseRequest } from '@main/api/openai/responses/schema'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { object, oddJson, oddText } from '../harness/odd-json'

const BODIES = process.env['MUSTER_SOAK'] ? 10_000 : 300
const SEED = Number(process.env['MUSTER_SEED'] ?? 7)
const AT_ONCE = 4
/** So that no answer is long, whatever the body asks for. */
const CONTEXT = 256

const message = fc
  .record({ role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'developer'), text: oddText })
  .chain(({ role, text }) => {
    const fields = new Map([
      ['role', JSON.stringify(role)],
      ['content', JSON.stringify(text)],
    ])
    return fc
      .tuple(fc.boolean(), fc.constantFrom('role', 'content', 'name', 'tool_calls', 'odd'), oddJson)
      .map(([odd, name, value]) => object(odd ? fields.set(name, value) : fields))
  })

/** What is posted, and where. */
interface Posted {
  readonly path: string
  readonly body: string
}

const messages = fc.array(message, { minLength: 1, maxLength: 3 }).map((all) => `[${all.join(',')}]`)
const texts = oddText.map((text) => JSON.stringify(text))

interface Route {
  readonly path: string
  /** How often it is tried. */
  readonly weight: number
  readonly fields: readonly string[]
  readonly limit: string
  readonly prompt: { readonly field: string; readonly value: fc.Arbitrary<string> }
}

const ROUTES: readonly Route[] = [
  {
    path: '/v1/chat/completions',
    weight: 30,
    fields: Object.keys(ChatCompletionRequest.shape),
    limit: 'max_tokens',
    prompt: { field: 'messages', value: messages },
  },
  {
    path: '/v1/completions',
    weight: 10,
    fields: Object.keys(CompletionRequest.shape),
    limit: 'max_tokens',
    prompt: { field: 'prompt', value: texts },
  },
  {
    path: '/v1/responses',
    weight: 15,
    fields: Object.keys(ResponseRequest.shape),
    limit: 'max_output_tokens',
    prompt: { field: 'input', value: fc.oneof(texts, messages) },
  },
  {
    path: '/v1/embeddings',
    weight: 2,
    fields: Object.keys(EmbeddingRequest.shape),
    limit: 'user',
    prompt: { field: 'input', value: texts },
  },
]

/** A body that is right but for up to two fields: any that the route knows, and some that it does not. */
const bodyFor = ({ path, fields, limit, prompt }: Route): fc.Arbitrary<Posted> =>
  fc
    .record({
      given: prompt.value,
      odd: fc.array(fc.tuple(fc.constantFrom(...fields, 'unknown_field', '__proto__'), oddJson), { maxLength: 2 }),
    })
    .map(({ given, odd }) => ({
      path,
      body: object(new Map([['model', JSON.stringify(TINY)], [prompt.field, given], [limit, '2'], ...odd])),
    }))

const posted: fc.Arbitrary<Posted> = fc.oneof(
  ...ROUTES.map((route) => ({ weight: route.weight, arbitrary: bodyFor(route) })),
  {
    weight: 2,
    arbitrary: fc.record({ path: fc.constantFrom(...ROUTES.map(({ path }) => path)), body: oddJson }),
  },
)

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** What is wrong with an answer; undefined for a completion, whole or streamed, and for an error that blames the body. */
const flaw = ({ status, type, text }: Answer): string | undefined => {
  if (status >= 500) return 'the node failed'
  if (type.startsWith('text/event-stream')) {
    if (/"code":\s*"(?:runner_failed|model_unavailable|ended_runners|internal)"/.test(text)) return 'the runner failed'
    const ended = /data: \[DONE\]\n\n$|\nevent: response\.(?:completed|incomplete)\n[^\n]*\n\n$|"error":\{/.test(text)
    return ended ? undefined : 'the stream has no end'
  }
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) return 'the answer is no object'
  if (status === 200)
    return Array.isArray(value['choices'] ?? value['output']) ? undefined : 'the answer has no choices and no output'
  const error = value['error']
  return isObject(error) && typeof error['message'] === 'string' && typeof error['code'] === 'string'
    ? undefined
    : 'the error has no message or no code'
}

const runnerPids = (state: State): (number | undefined)[] => Object.values(state.runners).map(({ pid }) => pid)

describe('whatever a client sends', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  const post = async ({ path, body }: Posted): Promise<Answer> => {
    const response = await fetch(`${node.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
    }
  }

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it(
    `is answered in form or refused, and costs nobody else anything: ${BODIES} bodies`,
    async () => {
      const { metaInstanceId: id } = await control.declare(TINY, { maxContext: CONTEXT })
      const isReady = (state: State): boolean => {
        const metaInstance = state.metaInstances[id]
        return metaInstance !== undefined && statusOf(state, metaInstance).status === 'READY'
      }
      const before = await control.until('READY', isReady)
      const waiting = fc.sample(posted, { numRuns: BODIES, seed: SEED })
      const statuses = new Map<number, number>()
      let sending = true

      const streams = (async () => {
        let whole = 0
        while (sending) {
          const story = [{ role: 'user', content: 'Tell a story' }]
          const { status, text } = await post({
            path: '/v1/chat/completions',
            body: JSON.stringify({ model: TINY, stream: true, temperature: 0, messages: story }),
          })
          expect([status, text.slice(-40)]).toEqual([200, expect.stringContaining('data: [DONE]')])
          expect(text).toContain('"finish_reason":"length"')
          whole += 1
        }
        return whole
      })()

      const sender = async (): Promise<void> => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          const answer = await post(next)
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          const wrong = flaw(answer)
          if (wrong !== undefined)
            throw new Error(
              `${wrong}: ${answer.status} ${answer.text.slice(-300)}; sent to ${next.path}: ${next.body.slice(0, 2000)}`,
            )
        }
      }
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, sender))
      } finally {
        sending = false
      }
      expect(await streams).toBeGreaterThan(0)
      // Neither is everything refused at the door nor is nothing odd enough.
      for (const status of [200, 400]) expect(statuses.get(status)).toBeGreaterThan(BODIES / 10)
      const after = await control.state()
      expect(runnerPids(after)).toEqual(runnerPids(before))
    },
    process.env['MUSTER_SOAK'] ? 3_600_000 : 300_000,
  )
})
