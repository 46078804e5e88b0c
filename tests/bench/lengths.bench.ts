import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { statusOf } from '@core/state/status'
import { runnerEnvironment } from '@main/worker/process/python'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addLongTinyModel, TINY } from '../harness/models'
import { python, required, root } from '../harness/paths'
import { startBaseline } from './baseline-server'
import { streamChat } from './chat-client'
import { figure, median, spread, type Bench } from './report'

const ROUNDS = 2
const LONG_TOKENS = 6000
const SHORT_CLIENTS = 31
/** Of a short prompt, with its template. */
const SHORT_TOKENS = 25
/** Lengths of sequences that decode together, by what they are called. */
const MIXES: Readonly<Record<string, readonly number[]>> = {
  'one long, 31 short': [LONG_TOKENS, ...Array.from({ length: SHORT_CLIENTS }, (_none, at) => SHORT_TOKENS + at)],
  '31 long, one short': [SHORT_TOKENS, ...Array.from({ length: 31 }, () => 1500)],
  'half twice as long': [...Array.from({ length: 16 }, () => 250), ...Array.from({ length: 16 }, () => 500)],
  'evenly 20 to 2,000': Array.from({ length: 32 }, (_none, at) => 20 + 64 * at),
  'each a fifth longer': Array.from({ length: 32 }, (_none, at) => Math.round(20 * 1.2 ** at)),
}
const PREFIX_TOKENS = 2000
const PREFIX_CLIENTS = 16
const TOKENS = 48
/** The long one goes on for as long as the short ones need. */
const LONG_ANSWER = 200

/** So many letters that nobody has sent before: a token each. */
const letters = (name: string, count: number): string =>
  `${name} `.padEnd(count, 'the quick brown fox jumps over the lazy dog while seven wizards box ')

interface Server {
  readonly url: string
  readonly model: string
}

/** Tokens a second of short requests that are answered beside a long one. */
const besideLong = async ({ url, model }: Server, round: number): Promise<number> => {
  let began: () => void = () => {}
  const decoding = new Promise<void>((resolve) => (began = resolve))
  const long = streamChat(url, model, letters(`long ${round}`, LONG_TOKENS), LONG_ANSWER, {}, () => began())
  await decoding
  const start = performance.now()
  const answers = await Promise.all(
    Array.from({ length: SHORT_CLIENTS }, (_none, at) => streamChat(url, model, `short ${round} ${at}`, TOKENS)),
  )
  const seconds = (performance.now() - start) / 1000
  await long
  return answers.reduce((sum, { tokens }) => sum + tokens, 0) / seconds
}

/** Tokens a second of requests at once that begin alike. */
const alike = async ({ url, model }: Server, round: number): Promise<number> => {
  const prefix = letters(`prefix ${round}`, PREFIX_TOKENS)
  const start = performance.now()
  const answers = await Promise.all(
    Array.from({ length: PREFIX_CLIENTS }, (_none, at) => streamChat(url, model, `${prefix} ${at}`, TOKENS)),
  )
  return answers.reduce((sum, { tokens }) => sum + tokens, 0) / ((performance.now() - start) / 1000)
}

/** Ours ÷ theirs, each measured in turn first and second, so that a machine that slows down harms both alike. */
const pairs = async (
  ours: Server,
  theirs: Server,
  measure: (server: Server, round: number) => Promise<number>,
): Promise<number[]> => {
  const ratios: number[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const order = round % 2 === 0 ? [ours, theirs] : [theirs, ours]
    const found = new Map<Server, number>()
    for (const server of order) found.set(server, await measure(server, round))
    // The first pair makes what is made at first use.
    if (round > 0) ratios.push((found.get(ours) ?? NaN) / (found.get(theirs) ?? NaN))
  }
  return ratios
}

/** Bytes of keys and values held ÷ bytes of the tokens they hold, and sub-batches of a step, for each mix of lengths. */
const heldBytes = (model: string): { readonly mix: string; readonly ratio: number; readonly parts: number }[] => {
  const script = join(root, 'tests', 'bench', 'held_bytes.py')
  const lengths = Object.values(MIXES).map((mix) => mix.join(','))
  const env = runnerEnvironment(join(root, 'native-runner', 'src'))
  const printed = execFileSync(required(python, 'run `npm test`, which makes it'), [script, model, ...lengths], { env })
  const lines = printed.toString().trim().split('\n')
  return Object.keys(MIXES).map((mix, at) => {
    const [ratio = NaN, parts = NaN] = lines[at]?.split(' ').map(Number) ?? []
    return { mix, ratio, parts }
  })
}

/** Prompts of different lengths at once, and prompts that begin alike, against mlx-lm's own server. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  const path = addLongTinyModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path, env: { MLX_DISABLE_COMPILE: undefined } })
  const control = new Control(node.url)
  await control.declare(TINY)
  await control.until('READY', (state) =>
    Object.values(state.metaInstances).some((declared) => statusOf(state, declared).word === 'READY'),
  )
  const baseline = await startBaseline(path)
  const servers = [
    { url: node.url, model: TINY },
    { url: baseline.url, model: path },
  ] as const
  const mixed = await pairs(...servers, besideLong)
  const shared = await pairs(...servers, alike)
  const held = heldBytes(path)
  baseline.close()
  await node.stop()
  folder.dispose()
  const row = (name: string, ratios: readonly number[], atLeast: number) =>
    figure(name, median(ratios).toFixed(2), { value: median(ratios), atLeast, noise: spread(ratios) })
  return {
    name: 'Prompts of different lengths, tiny model, ours ÷ mlx_lm.server',
    rows: [
      row(`tokens/s, ${SHORT_CLIENTS} short beside one of ${LONG_TOKENS} tokens`, mixed, 5),
      ...held.map(({ mix, ratio, parts }) =>
        figure(
          `bytes of keys and values held ÷ of their tokens, ${mix}`,
          `${ratio.toFixed(2)} in ${parts} sub-batches`,
          {
            value: ratio,
            atMost: 1.2,
          },
        ),
      ),
      row(`tokens/s, ${PREFIX_CLIENTS} clients with ${PREFIX_TOKENS} tokens in common`, shared, 1.5),
    ],
  }
}
