import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { addCoderModel, CODER } from '../harness/models'
import { streamChat } from './chat-client'
import { figure, median, spread, type Bench } from './report'

const ROUNDS = 2
const FILE = `def median(values):
    """The middle one of values, or the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def spread(values):
    """The difference between the greatest and the least of values."""
    return max(values) - min(values)


def mean(values):
    """The sum of values over their number."""
    return sum(values) / len(values)
`

/** What an agent asks of a file that it has read. */
const prompt = (round: number): string =>
  `Repeat this file exactly, with the function mean renamed to average${round}. Answer with the code only.\n\n${FILE}`

/** A bias on “!”, which the file does not have: the text is the same, and nothing is guessed where logits are changed. */
const PLAIN = { logit_bias: { '0': -1 } }

/** Tokens a second of an answer that quotes its prompt, with prompt lookup ÷ without. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addCoderModel(folder.path)
  const node = await startHeadless({ dataDir: folder.path, env: { MLX_DISABLE_COMPILE: undefined } })
  const control = new Control(node.url)
  await control.declare(CODER)
  await control.until(
    'READY',
    (state) => Object.values(state.metaInstances).some((declared) => statusOf(state, declared).word === 'READY'),
    300_000,
  )
  const tokens = 100
  await streamChat(node.url, CODER, prompt(0), 8)
  const ratios: number[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    const seconds = { plain: 0, guessed: 0 }
    for (const which of round % 2 === 0 ? (['plain', 'guessed'] as const) : (['guessed', 'plain'] as const)) {
      const answer = await streamChat(node.url, CODER, prompt(round), tokens, which === 'plain' ? PLAIN : {})
      // The text is the same, so times alone are compared: guessed tokens may come several in a chunk.
      seconds[which] = answer.total - answer.firstToken
    }
    ratios.push(seconds.plain / seconds.guessed)
  }
  await node.stop()
  folder.dispose()
  return {
    name: 'A file repeated with one change, Qwen2.5-Coder-0.5B, one client',
    rows: [
      figure('tokens/s with prompt lookup ÷ without', median(ratios).toFixed(2), {
        value: median(ratios),
        atLeast: 1.5,
        noise: spread(ratios),
      }),
    ],
  }
}
