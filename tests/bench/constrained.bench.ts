import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addStarterModel, STARTER } from '../harness/models'
import { speedOf, streamChat, type Answer } from './chat-client'
import { figure, median, seconds, spread, type Bench, type Row } from './report'

const ROUNDS = 5
const TOKENS = 48
const CLIENTS = [1, 8] as const

const text = { type: 'string', minLength: 1, maxLength: 60 }
/** Of the size that people's programs send, and no answer to it is done within `TOKENS`. */
const ship = {
  type: 'object',
  properties: {
    name: text,
    flag: { enum: ['Norway', 'Panama', 'Portugal', 'Malta', 'Japan'] },
    kind: { enum: ['ferry', 'trawler', 'tanker', 'sailing boat'] },
    length: { type: 'number', minimum: 5, maximum: 400 },
    crew: { type: 'integer', minimum: 1, maximum: 200 },
    seenAt: { type: 'string', pattern: '^[0-2][0-9]:[0-5][0-9]$' },
    cargo: { type: 'array', items: text, minItems: 3, maxItems: 8 },
    captain: { type: 'object', properties: { name: text, age: { type: 'integer' } }, required: ['name', 'age'] },
    remark: { anyOf: [text, { type: 'null' }] },
  },
  required: ['name', 'flag', 'kind', 'length', 'crew', 'seenAt', 'cargo', 'captain', 'remark'],
  additionalProperties: false,
}
const schema = {
  type: 'object',
  properties: { keeper: text, ships: { type: 'array', items: ship, minItems: 20 } },
  required: ['keeper', 'ships'],
  additionalProperties: false,
}
const FORMAT = { response_format: { type: 'json_schema', json_schema: { name: 'log', schema } } }

const prompt = (round: number, client: number): string =>
  `Day ${round}.${client}: a robot lives in a lighthouse and counts the ships that go by. Write its log as JSON, at length.`

/** All clients' answers at the same time. Throws where one has not all its tokens. */
const answers = async (
  url: string,
  { clients, round, fields }: { readonly clients: number; readonly round: number; readonly fields: object },
): Promise<Answer[]> => {
  const all = await Promise.all(
    Array.from({ length: clients }, (_none, client) =>
      streamChat(url, STARTER, prompt(round, client), TOKENS, { ignore_eos: true, ...fields }),
    ),
  )
  for (const { tokens } of all) if (tokens !== TOKENS) throw new Error(`an answer has ${tokens} tokens`)
  return all
}

/** Tokens that one client gets in a second. */
const speed = (all: readonly Answer[]): number => median(all.map(speedOf))
const firstToken = (all: readonly Answer[]): number => median(all.map((answer) => answer.firstToken))

const compare = async (url: string, clients: number): Promise<Row[]> => {
  const speeds: number[] = []
  const later: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const free = () => answers(url, { clients, round, fields: {} })
    const held = () => answers(url, { clients, round, fields: FORMAT })
    // In turn first and second; whichever is second finds the prompt computed, so first tokens are compared in pairs.
    const [one, other] = round % 2 === 0 ? [await free(), await held()] : [await held(), await free()].reverse()
    if (!one || !other) throw new Error('two measurements')
    speeds.push(speed(other) / speed(one))
    later.push(firstToken(other) - firstToken(one))
  }
  const who = clients === 1 ? 'one client' : `${clients} clients`
  return [
    figure(`tokens/s with a schema ÷ without, ${who}`, median(speeds).toFixed(3), {
      value: median(speeds),
      atLeast: 0.9,
      noise: spread(speeds),
    }),
    figure(`first token later by, ${who}`, seconds(median(later)), undefined),
  ]
}

/** What keeping to a JSON schema costs, for the same number of tokens. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addStarterModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path, env: { MLX_DISABLE_COMPILE: undefined } })
  const control = new Control(node.url)
  const { metaInstanceId } = await control.declare(STARTER)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[metaInstanceId]
    return declared !== undefined && statusOf(state, declared).word === 'READY'
  })
  const rows: Row[] = []
  for (const clients of CLIENTS) {
    await answers(node.url, { clients, round: -1, fields: FORMAT })
    rows.push(...(await compare(node.url, clients)))
  }
  await node.stop()
  folder.dispose()
  return { name: 'Constrained decoding, starter model', rows }
}
