import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addLongTinyModel, TINY } from '../harness/models'
import { processorSeconds } from './processor-time'
import { figure, median, spread, type Bench, type Row } from './report'

const TURNS = 20
/** Of a first turn and of each turn after it, in letters, each of which is a token: 20 turns come to 9,000 tokens. */
const FIRST_TURN = 6000
const LATER_TURN = 150
const WORDS = 'river stone copper lantern garden winter market silver harbour meadow engine window'.split(' ')

/** Text of so many letters that begins with a word of its own. */
const text = (name: string, letters: number): string =>
  `${name} ${WORDS.join(' ').repeat(Math.ceil(letters / 60))}`.slice(0, letters)

interface Turn {
  readonly seconds: number
  /** Processor time of the runner. */
  readonly used: number
  readonly prompt: number
  readonly cached: number
}

interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** One answer of one token, so the time is that of the prompt. */
const ask = async (url: string, runner: number, messages: readonly Message[]): Promise<Turn> => {
  const before = processorSeconds(runner)
  const began = performance.now()
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: TINY, messages, max_tokens: 1, temperature: 0 }),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  const { usage } = (await response.json()) as {
    usage: { prompt_tokens: number; prompt_tokens_details?: { cached_tokens?: number } }
  }
  return {
    seconds: (performance.now() - began) / 1000,
    used: processorSeconds(runner) - before,
    prompt: usage.prompt_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
  }
}

const pidOf = (state: State): number | undefined => Object.values(state.runners)[0]?.pid

/** Waits until the model serves, by another runner process than `before`. */
const ready = async (node: HeadlessNode, before?: number): Promise<number> => {
  const state = await new Control(node.url).until('READY', (next) => {
    const pid = pidOf(next)
    const serves = Object.values(next.metaInstances).some((declared) => statusOf(next, declared).word === 'READY')
    return serves && pid !== undefined && pid !== before
  })
  return pidOf(state) ?? NaN
}

/**
 * Two agents in turn, each with a conversation that grows to 9,000 tokens: what a turn costs whose beginning was computed
 * before, in the same runner, after the runner was killed, and after the node was. Held against prompts of 6,000 tokens
 * that are new, the length of the shortest turn.
 */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addLongTinyModel(folder.path)
  const launch = { dataDir: folder.path, env: { MLX_DISABLE_COMPILE: undefined } }
  let node = await startHeadless(launch)
  await new Control(node.url).declare(TINY)
  let pid = await ready(node)
  let drawn = 0
  const cold = (): Promise<Turn> => {
    drawn += 1
    return ask(node.url, pid, [{ role: 'user', content: text(`cold ${drawn}`, FIRST_TURN) }])
  }
  await cold()
  const agents: Record<string, Message[]> = { ada: [], bob: [] }
  const speak = async (name: string, messages: Message[], words: string): Promise<Turn> => {
    messages.push({ role: 'user', content: words })
    const turn = await ask(node.url, pid, messages)
    messages.push({ role: 'assistant', content: `yes, ${name}` })
    return turn
  }
  const colds: Turn[] = []
  const warm: Turn[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [name, messages] of Object.entries(agents)) {
      const answer = await speak(name, messages, text(`${name} ${turn}`, turn === 0 ? FIRST_TURN : LATER_TURN))
      if (turn > 0) warm.push(answer)
    }
    // Between the others, so that a machine that slows down harms both alike.
    if (turn % 4 === 0) colds.push(await cold())
  }
  const everybody = async (): Promise<Turn[]> => {
    const turns: Turn[] = []
    for (const [name, messages] of Object.entries(agents)) turns.push(await speak(name, messages, 'and now?'))
    return turns
  }
  process.kill(pid, 'SIGKILL')
  pid = await ready(node, pid)
  colds.push(await cold())
  const afterRunner = await everybody()
  // As a power cut would end it: what lies on the disk is all that is left.
  await node.kill()
  node = await startHeadless(launch)
  pid = await ready(node)
  colds.push(await cold())
  const afterNode = await everybody()
  await node.stop()
  folder.dispose()
  const aCold = median(colds.map(({ seconds }) => seconds))
  const times = (turns: readonly Turn[]): number[] => turns.map(({ seconds }) => seconds / aCold)
  const uses = warm.map(({ used }) => used / median(colds.map((one) => one.used)))
  const row = (name: string, ratios: readonly number[], value: number, atMost: number): Row =>
    figure(name, value.toFixed(3), { value, atMost, noise: spread(ratios, 3) })
  const share = Math.min(...[...warm, ...afterRunner, ...afterNode].map(({ cached, prompt }) => cached / prompt))
  return {
    name: 'Prompts whose beginning is known, tiny model, two agents in turn',
    rows: [
      row('time to first token ÷ cold, median', times(warm), median(times(warm)), 0.15),
      row('time to first token ÷ cold, longest', times(warm), Math.max(...times(warm)), 0.15),
      // The clock also counts what else the machine does in that turn.
      ...(uses.every(Number.isFinite) ? [row('processor time ÷ cold, longest', uses, Math.max(...uses), 0.15)] : []),
      row('after a kill of the runner ÷ cold, longest', times(afterRunner), Math.max(...times(afterRunner)), 0.2),
      row('after a kill of the node ÷ cold, longest', times(afterNode), Math.max(...times(afterNode)), 0.2),
      figure('tokens found of a prompt, least share', share.toFixed(3), { value: share, atLeast: 0.9 }),
      figure('longest prompt', `${Math.max(...warm.map(({ prompt }) => prompt))} tokens`),
      figure('cold', `${(aCold * 1000).toFixed(0)} ms`),
    ],
  }
}
