import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MetaInstanceId, ModelId, NodeId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { NodeApi } from './api/node-api'
import type { CommandContext } from './context'
import { run as events } from './commands/events'
import { run as history } from './commands/history'
import { run as logs } from './commands/logs'
import { run as ls } from './commands/ls'
import { run as pause } from './commands/pause'
import { run as ps } from './commands/ps'
import { run as show } from './commands/show'
import { run as model } from './commands/run'
import { failureJson, failureOf, failureText } from './failure'
import { Output } from './terminal/output'

/** Clears the screen, sets the clipboard, an 8-bit control character, a text-direction mark, an overwritten line. */
const EVIL = '\u001b[2J\u001b]52;c;cm0=\u0007\u009b31m\u202e\rroot#'
const NAME = `chat${EVIL}`
const ID = MetaInstanceId.parse('an-id')
const NODE = NodeId.parse('a-node')
const MODEL = ModelId.parse(`org/${EVIL}model`)

const declared: State['metaInstances'][string] = {
  ...{ metaInstanceId: ID, name: NAME, modelId: MODEL, paused: false, generation: 0, createdAt: 1 },
  ...{ sharding: 'Pipeline', instanceMeta: 'MlxRing', minNodes: 1, placementPreference: 'auto' },
  ...{ consecutiveFailures: 0, replacements: 0, placementError: { reason: `no machine${EVIL}`, code: 'no_nodes' } },
}

const STATE: State = {
  ...emptyState(),
  metaInstances: { [ID]: declared },
  members: { [NODE]: { nodeId: NODE, certificate: '', friendlyName: `mac${EVIL}`, admittedAt: 1 } },
  downloads: { [NODE]: { [MODEL]: { status: 'Complete', downloadedBytes: 5, totalBytes: 5 } } },
}

const view = { ...declared, status: `PAUSED${EVIL}`, statusDetail: `why${EVIL}` }
const envelope = { v: 1, index: 1, term: 1, at: 1, event: { type: 'MetaInstanceCreated', metaInstance: declared } }

const chunk = (delta: object): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`

const ANSWERS: Readonly<Record<string, unknown>> = {
  '/state': STATE,
  '/models': { models: [], unreadable: [{ modelId: MODEL, source: 'muster', path: EVIL, problem: `torn${EVIL}` }] },
  '/meta_instances': { metaInstances: [view] },
  '/meta_instance/an-id': view,
  '/meta_instance/an-id/history': {
    events: [envelope],
    days: [{ day: '2026-01-01', events: 2, failures: 1, reason: EVIL }],
  },
  '/events/recent': { events: [envelope] },
  '/node/log': `${JSON.stringify({ level: 'info', time: '2026-01-01T00:00:00Z', msg: EVIL, field: EVIL })}\nnot JSON${EVIL}\n`,
}

describe('a node whose every text is hostile', () => {
  let server: Server
  let url = ''
  let printed = ''

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = new URL(request.url ?? '', 'http://x').pathname
      const answer = ANSWERS[path]
      if (path === '/v1/chat/completions') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const character of EVIL) response.write(chunk({ content: character }))
        response.end('data: [DONE]\n\n')
      } else if (answer === undefined) {
        response.writeHead(500).end(JSON.stringify({ error: { message: `failed${EVIL}`, hint: `do${EVIL}` } }))
      } else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => void server.close())

  const context = (): CommandContext => {
    printed = ''
    const output = new Output({
      write: async (text) => void (printed += text),
      ...{ isTerminal: false, colour: false, columns: () => 80 },
    })
    const terminal = { interactive: false, confirm: () => Promise.resolve(true), secret: () => Promise.resolve('') }
    return { api: new NodeApi({ url }), out: output, err: output, terminal }
  }
  const harmless = (): void => {
    expect(printed).not.toBe('')
    expect(printed).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u)
  }

  const follow = { follow: false, lines: 10, all: false }
  it.each<[string, (json: boolean) => Promise<unknown>]>([
    ['ps', (json) => ps({ json }, context())],
    ['ls', (json) => ls({ json }, context())],
    ['show', (json) => show({ json, model: NAME }, context())],
    ['pause', (json) => pause({ json, name: NAME }, context())],
    ['history', (json) => history({ json, name: NAME }, context())],
    ['events', (json) => events({ json, ...follow }, context())],
    ['logs', (json) => logs({ json, ...follow }, context())],
  ])('does nothing to the terminal of muster %s, as text or as JSON', async (_name, act) => {
    for (const json of [false, true]) {
      await act(json)
      harmless()
    }
  })

  it('nor does what a model writes, character by character', async () => {
    const { askOnce } = await import('./commands/run-once')
    await askOnce({ model: 'x', label: 'x', messages: [] }, { json: false }, context())
    harmless()
    expect(printed).toContain('␛[2J')
  })

  it('nor does an error', async () => {
    const error: unknown = await context()
      .api.tell('/nothing')
      .catch((failure: unknown) => failure)
    printed = failureText(failureOf(error))
    harmless()
    printed = failureJson(failureOf(error))
    harmless()
    printed = failureText(failureOf(error))
    expect(printed).toMatch(/^failed␛.*\ndo␛/)
    // Text of a refused placement includes the reason.
    const refused: unknown = await model(
      { ...{ model: NAME, prompt: ['hi'], keep: false, json: false } },
      context(),
    ).catch((failure: unknown) => failure)
    printed = failureText(failureOf(refused))
    harmless()
  })
})
