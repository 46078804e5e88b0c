import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { MessagesRequest } from '@main/api/anthropic/schema'
import { ChatRequest, GenerateRequest } from '@main/api/ollama/schema'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { object, oddJson, oddText } from '../harness/odd-json'

const BODIES = process.env['MUSTER_SOAK'] ? 3000 : 120
const SEED = Number(process.env['MUSTER_SEED'] ?? 11)
const AT_ONCE = 4
/** So that no answer is long, whatever the body asks for. */
const CONTEXT = 512

const json = (value: unknown): string => JSON.stringify(value)

interface Route {
  readonly path: string
  /** Every field that the route knows, and one that it does not. */
  readonly fields: readonly string[]
  /** What makes a body that the route answers, its messages aside. */
  readonly base: readonly (readonly [string, string])[]
  /** Fields of a turn with a value that clients send. */
  readonly parts: readonly (readonly [string, string])[]
}

/** A turn whose parts are what a client may send, or something odd in place of one. */
const turn = (parts: Route['parts']) =>
  fc
    .record({
      role: fc.constantFrom('user', 'assistant', 'system', 'tool'),
      content: oddText.map(json),
      part: fc.constantFrom(...parts),
      odd: fc.option(fc.tuple(fc.constantFrom('content', 'role', ...parts.map(([name]) => name)), oddJson), {
        freq: 1,
      }),
    })
    .map(({ role, content, part, odd }) =>
      object(new Map([['role', json(role)], ['content', content], part, ...(odd ? [odd] : [])])),
    )

const anthropics: Route['parts'] = [
  ['content', json([{ type: 'text', text: 'hi' }])],
  ['content', json([{ type: 'tool_use', id: 'a', name: 'f', input: { x: [1] } }])],
  ['content', json([{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'ok' }] }])],
  [
    'content',
    json([
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'redacted_thinking', data: '' },
    ]),
  ],
  ['content', json([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw==' } }])],
]
const ollamas: Route['parts'] = [
  ['content', json('hi')],
  ['tool_calls', json([{ function: { name: 'f', arguments: { x: [1] } } }])],
  ['tool_name', json('f')],
  ['images', json(['iVBORw=='])],
  ['thinking', json('hm')],
]

const limit = ['options', json({ num_predict: 2 })] as const
const ROUTES: readonly Route[] = [
  { path: '/v1/messages', fields: Object.keys(MessagesRequest.shape), base: [['max_tokens', '2']], parts: anthropics },
  { path: '/v1/messages/count_tokens', fields: Object.keys(MessagesRequest.shape), base: [], parts: anthropics },
  { path: '/api/chat', fields: Object.keys(ChatRequest.shape), base: [limit], parts: ollamas },
  {
    path: '/api/generate',
    fields: Object.keys(GenerateRequest.shape),
    base: [['prompt', json('hello')], limit],
    parts: ollamas,
  },
]

const bodyOf = ({ fields, base, parts }: Route): fc.Arbitrary<string> => {
  const valid = fc
    .record({
      messages: fc.array(turn(parts), { minLength: 1, maxLength: 3 }),
      odd: fc.array(fc.tuple(fc.constantFrom(...fields, 'unknown_field', '__proto__'), oddJson), { maxLength: 2 }),
      stream: fc.constantFrom('true', 'false'),
    })
    .map(({ messages, odd, stream }) =>
      object(
        new Map([
          ['model', json(TINY)],
          ['messages', `[${json({ role: 'user', content: 'hi' })},${messages.join(',')}]`],
          ...base,
          ['stream', stream],
          ...odd,
        ]),
      ),
    )
  return fc.oneof({ weight: 20, arbitrary: valid }, { weight: 1, arbitrary: oddJson })
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** An error of the dialect: Anthropic's has a type and a message, Ollama's is a text. */
const isError = (value: unknown): boolean => {
  if (!isObject(value)) return false
  const { error } = value
  if (typeof error === 'string') return error.length > 5
  return value['type'] === 'error' && isObject(error) && typeof error['message'] === 'string'
}

/** The last thing that a stream said, as JSON. */
const lastOf = (text: string): unknown => {
  const last = text.trimEnd().split('\n').at(-1) ?? ''
  return JSON.parse(last.replace(/^data: /, ''))
}

/** What is wrong with an answer; undefined for one in form, and for an error that blames the body. */
const flaw = (status: number, type: string, text: string): string | undefined => {
  if (status >= 500) return 'the node failed'
  if (/runner_failed|overloaded_error|api_error/.test(text)) return 'the runner failed'
  const value: unknown = /event-stream|ndjson/.test(type) ? lastOf(text) : JSON.parse(text)
  if (isError(value)) return status === 200 || status >= 400 ? undefined : 'an error is no error'
  if (status !== 200 || !isObject(value)) return 'this is neither an answer nor an error'
  const ended = value['done'] === true || ['message', 'message_stop'].includes(String(value['type']))
  return ended || 'input_tokens' in value ? undefined : 'the answer has no end'
}

describe('whatever a client of another service sends', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    const { metaInstanceId: id } = await control.declare(TINY, { maxContext: CONTEXT })
    await control.until('READY', (state) => {
      const metaInstance = state.metaInstances[id]
      return metaInstance !== undefined && statusOf(state, metaInstance).status === 'READY'
    })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it.each(ROUTES.map((route) => [route.path, route] as const))(
    `to %s is answered in form or refused: ${BODIES} bodies`,
    async (path, route) => {
      const runners = ({ runners: all }: State) => Object.values(all).map(({ pid }) => pid)
      const before = runners(await control.state())
      const waiting = fc.sample(bodyOf(route), { numRuns: BODIES, seed: SEED })
      const statuses = new Map<number, number>()
      const sender = async (): Promise<void> => {
        for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
          const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }
          const answer = await fetch(`${node.url}${path}`, { method: 'POST', headers, body })
          const text = await answer.text()
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          const wrong = flaw(answer.status, answer.headers.get('content-type') ?? '', text)
          if (wrong !== undefined)
            throw new Error(`${wrong}: ${answer.status} ${text.slice(-300)}; sent: ${body.slice(0, 1500)}`)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, sender))
      // Neither is everything refused at the door nor is nothing odd enough.
      for (const status of [200, 400]) expect(statuses.get(status)).toBeGreaterThan(BODIES / 20)
      expect(runners(await control.state())).toEqual(before)
    },
    process.env['MUSTER_SOAK'] ? 3_600_000 : 300_000,
  )
})
