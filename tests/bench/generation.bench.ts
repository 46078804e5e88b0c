import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addStarterModel, STARTER } from '../harness/models'
import { starterModel } from '../harness/paths'
import { startBaseline } from './baseline-server'
import { speedOf, streamChat } from './chat-client'
import { figure, median, spread, type Bench } from './report'

const ROUNDS = 5
/** One client's runs are short, and lie far apart on a machine that is shared. */
const ROUNDS_ALONE = 11
const CLIENTS = [8, 16]
const TOKENS = 64

/** A prompt that nobody has computed before, with an answer that is long enough. */
const prompt = (round: number, client = 0): string =>
  `Story number ${round}.${client}: write a long story about a robot who lives in a lighthouse and counts the ships that go by.`

const together = async (url: string, model: string, clients: number, round: number): Promise<number> => {
  const began = performance.now()
  const answers = await Promise.all(
    Array.from({ length: clients }, (_none, client) => streamChat(url, model, prompt(round, client + 1), TOKENS)),
  )
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
  return tokens / ((performance.now() - began) / 1000)
}

/** Tokens a second and time to the first token through our API, against mlx-lm's own server in paired runs. */
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
  const ours = (round: number) => streamChat(node.url, STARTER, prompt(round), TOKENS)
  const theirs = (round: number) => streamChat(baseline.url, starterModel, prompt(round), TOKENS)
  await ours(0)
  await theirs(0)
  const ratios = { speed: [] as number[], first: [] as number[], together: CLIENTS.map((): number[] => []) }
  const speeds = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 1; round <= ROUNDS_ALONE; round += 1) {
    // In turn first and second, so that a machine that slows down harms both alike.
    const [a, b] =
      round % 2 === 0
        ? [await ours(round), await theirs(round)]
        : await theirs(round).then(async (other) => [await ours(round), other] as const)
    ratios.speed.push(speedOf(a) / speedOf(b))
    ratios.first.push(a.firstToken / b.firstToken)
    speeds.ours.push(speedOf(a))
    speeds.theirs.push(speedOf(b))
  }
  for (const [at, clients] of CLIENTS.entries()) {
    const number = 100 * (at + 1)
    await together(node.url, STARTER, clients, number)
    await together(baseline.url, starterModel, clients, number)
    for (let round = 1; round <= ROUNDS; round += 1) {
      const measure = [
        () => together(node.url, STARTER, clients, number + round),
        () => together(baseline.url, starterModel, clients, number + round),
      ] as const
      const first = round % 2
      const results = [0, 0]
      for (const which of [first, 1 - first] as (0 | 1)[]) results[which] = await measure[which]()
      ratios.together[at]?.push((results[0] ?? NaN) / (results[1] ?? NaN))
    }
  }
  baseline.close()
  await node.stop()
  folder.dispose()
  return {
    name: 'Generation, starter model, ours ÷ mlx_lm.server',
    rows: [
      figure('tokens/s, one client', median(ratios.speed).toFixed(3), {
        value: median(ratios.speed),
        atLeast: 1.05,
        noise: spread(ratios.speed),
      }),
      ...CLIENTS.map((clients, at) => {
        const found = ratios.together[at] ?? []
        return figure(`tokens/s, ${clients} clients`, median(found).toFixed(3), {
          value: median(found),
          atLeast: 1.4,
          noise: spread(found),
        })
      }),
      figure('time to first token', median(ratios.first).toFixed(3), {
        value: median(ratios.first),
        atMost: 1.05,
        noise: spread(ratios.first),
      }),
      figure('ours, one client', `${median(speeds.ours).toFixed(1)} tokens/s`),
      figure('theirs, one client', `${median(speeds.theirs).toFixed(1)} tokens/s`),
    ],
  }
}
