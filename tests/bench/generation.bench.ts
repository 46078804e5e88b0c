import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addStarterModel, STARTER } from '../harness/models'
import { starterModel } from '../harness/paths'
import { BareBatch } from './bare-batch'
import { startBaseline } from './baseline-server'
import { speedOf, streamChat } from './chat-client'
import { figure, median, spread, type Bench, type Row } from './report'

/** One client's runs are short, and lie far apart on a machine that is shared. */
const ROUNDS_ALONE = 9
const ROUNDS = 4
const TOKENS = 64
/** By the number of clients: the least of ours ÷ mlx_lm.server. */
const CLIENTS = { 1: 1.05, 8: 1.4, 16: 1.4 } as const
/** Ours ÷ mlx-lm's batches without a server, which is as much as the machine can do with mlx-lm's way to compute. */
const LEAST_OF_BARE = 0.95
/** What each of the clients that come and go asks for, one after the other; every client begins elsewhere. */
const ANSWERS = [8, 40, 16, 32]
const COMING = 16

interface Server {
  readonly url: string
  readonly model: string
}

/** A prompt that nobody has computed before, with an answer that is long enough. */
const prompt = (round: number, client = 0): string =>
  `Story number ${round}.${client}: write a long story about a robot who lives in a lighthouse and counts the ships that go by.`

const prompts = (round: number, clients: number): string[] =>
  Array.from({ length: clients }, (_none, client) => prompt(round, client + 1))

/** Tokens a second of clients that all ask at the same time. */
const together = async ({ url, model }: Server, messages: readonly string[]): Promise<number> => {
  const began = performance.now()
  const answers = await Promise.all(messages.map((message) => streamChat(url, model, message, TOKENS)))
  return answers.reduce((sum, { tokens }) => sum + tokens, 0) / ((performance.now() - began) / 1000)
}

/** Tokens a second of clients whose answers end at different times, and which then ask again. */
const comingAndGoing = async ({ url, model }: Server, round: number): Promise<number> => {
  const began = performance.now()
  const counts = await Promise.all(
    prompts(round, COMING).map(async (message, client) => {
      let tokens = 0
      for (let nth = 0; nth < ANSWERS.length; nth += 1) {
        const most = ANSWERS[(client + nth) % ANSWERS.length] ?? TOKENS
        tokens += (await streamChat(url, model, `${message} Part ${nth}.`, most)).tokens
      }
      return tokens
    }),
  )
  return counts.reduce((sum, tokens) => sum + tokens, 0) / ((performance.now() - began) / 1000)
}

type Measurement<Name extends string> = Readonly<Record<Name, (round: number) => Promise<number>>>

/**
 * Measures several in turn, for some rounds, each round beginning with another, so that a machine that slows down harms
 * all alike. The first round makes what is made at first use, and is thrown away.
 */
const inTurn = async <Name extends string>(
  measurement: Measurement<Name>,
  rounds: number,
): Promise<Record<Name, number>[]> => {
  const names = Object.keys(measurement) as Name[]
  const found: Record<Name, number>[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const results = {} as Record<Name, number>
    for (const at of names.keys()) {
      const name = names[(at + round) % names.length]
      if (name !== undefined) results[name] = await measurement[name](round)
    }
    if (round > 0) found.push(results)
  }
  return found
}

const ratioRow = (name: string, ratios: readonly number[], target: { atLeast?: number; atMost?: number }): Row =>
  figure(name, median(ratios).toFixed(3), { value: median(ratios), noise: spread(ratios), ...target })

/** Tokens a second and time to the first token through our API, against mlx-lm's own server and against mlx-lm alone. */
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
  const baseline = await startBaseline(starterModel)
  const bare = new BareBatch(starterModel, TOKENS)
  const ours: Server = { url: node.url, model: STARTER }
  const theirs: Server = { url: baseline.url, model: starterModel }

  const first = { ours: [] as number[], theirs: [] as number[] }
  const alone = async (name: 'ours' | 'theirs', { url, model }: Server, round: number) => {
    const answer = await streamChat(url, model, prompt(round), TOKENS)
    if (round > 0) first[name].push(answer.firstToken)
    return speedOf(answer)
  }
  const decoding = await inTurn(
    { ours: (round) => alone('ours', ours, round), theirs: (round) => alone('theirs', theirs, round) },
    ROUNDS_ALONE,
  )
  const rows = [
    ratioRow(
      'tokens/s ÷ mlx_lm.server, 1 client',
      decoding.map((each) => each.ours / each.theirs),
      { atLeast: CLIENTS[1] },
    ),
    ratioRow(
      'time to first token ÷ mlx_lm.server',
      first.ours.map((seconds, at) => seconds / (first.theirs[at] ?? NaN)),
      { atMost: 1.05 },
    ),
  ]
  for (const [clients, atLeast] of [
    [8, CLIENTS[8]],
    [16, CLIENTS[16]],
  ] as const) {
    const messages = (round: number) => prompts(100 * clients + round, clients)
    const found = await inTurn(
      {
        ours: (round) => together(ours, messages(round)),
        theirs: (round) => together(theirs, messages(round)),
        bare: (round) => bare.answer(messages(round)),
      },
      ROUNDS,
    )
    rows.push(
      ratioRow(
        `tokens/s ÷ mlx_lm.server, ${clients} clients`,
        found.map((each) => each.ours / each.theirs),
        { atLeast },
      ),
      ratioRow(
        `tokens/s ÷ mlx-lm without a server, ${clients} clients`,
        found.map((each) => each.ours / each.bare),
        { atLeast: LEAST_OF_BARE },
      ),
      ratioRow(
        `mlx-lm without a server ÷ mlx_lm.server, ${clients} clients`,
        found.map((each) => each.bare / each.theirs),
        {},
      ),
      figure(`ours, ${clients} clients`, `${median(found.map((each) => each.ours)).toFixed(1)} tokens/s`),
    )
  }
  const coming = await inTurn(
    { ours: (round) => comingAndGoing(ours, 9000 + round), theirs: (round) => comingAndGoing(theirs, 9000 + round) },
    2,
  )
  rows.push(
    ratioRow(
      `tokens/s ÷ mlx_lm.server, ${COMING} clients that come and go`,
      coming.map((each) => each.ours / each.theirs),
      { atLeast: 1.05 },
    ),
    figure('ours, 1 client', `${median(decoding.map((each) => each.ours)).toFixed(1)} tokens/s`),
  )
  bare.close()
  baseline.close()
  await node.stop()
  folder.dispose()
  return { name: 'Generation, starter model', rows }
}
