import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { figure, median, type Bench } from './report'

const TURNS = 12
const WORDS = 'river stone copper lantern garden winter market silver harbour meadow engine window'.split(' ')

/** Text of so many words that begins with a word of its own. */
const text = (name: string, count: number): string =>
  [name, ...Array.from({ length: count }, (_none, at) => WORDS[(at * 7 + name.length) % WORDS.length])].join(' ')

interface Turn {
  readonly seconds: number
  readonly prompt: number
  readonly cached: number
}

interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** One answer of one token, so the time is that of the prompt. */
const ask = async (url: string, messages: readonly Message[]): Promise<Turn> => {
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
    prompt: usage.prompt_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
  }
}

const ready = async (node: HeadlessNode): Promise<Control> => {
  const control = new Control(node.url)
  await control.until('READY', (state) =>
    Object.values(state.metaInstances).some((declared) => statusOf(state, declared).word === 'READY'),
  )
  return control
}

/** What a prompt costs whose beginning was computed before: in the same runner, and after a restart of the node. */
export const run = async (): Promise<Bench> => {
  const folder = temporaryFolder()
  addTinyModel(folder.path)
  const launch = { dataDir: folder.path, env: { MLX_DISABLE_COMPILE: undefined } }
  let node = await startHeadless(launch)
  await new Control(node.url).declare(TINY)
  await ready(node)
  const cold = async (name: string): Promise<number> =>
    (await ask(node.url, [{ role: 'user', content: text(name, 225) }])).seconds
  await cold('first')
  const agents: Record<string, Message[]> = { ada: [], bob: [] }
  const shares: number[] = []
  const warm: Turn[] = []
  for (let turn = 0; turn < TURNS; turn += 1)
    for (const [name, messages] of Object.entries(agents)) {
      messages.push({ role: 'user', content: text(`${name}${turn}`, turn === 0 ? 150 : 4) })
      const answer = await ask(node.url, messages)
      messages.push({ role: 'assistant', content: 'yes' })
      if (turn > 0) warm.push(answer)
      if (turn > 0) shares.push(answer.cached / answer.prompt)
    }
  const colds = [await cold('second'), await cold('third'), await cold('fourth')]
  // As a power cut would end it: what lies on the disk is all that is left.
  await node.kill()
  node = await startHeadless(launch)
  await ready(node)
  await cold('fifth')
  const restarted: Turn[] = []
  for (const messages of Object.values(agents)) {
    messages.push({ role: 'user', content: 'and now?' })
    restarted.push(await ask(node.url, messages))
  }
  await node.stop()
  folder.dispose()
  const ratio = (turns: readonly Turn[]): number => median(turns.map(({ seconds }) => seconds)) / median(colds)
  return {
    name: 'Prompts whose beginning is known, tiny model, two agents in turn',
    rows: [
      figure('time to first token ÷ cold', ratio(warm).toFixed(3), { value: ratio(warm), atMost: 0.15 }),
      figure('after a kill of the node ÷ cold', ratio(restarted).toFixed(3), { value: ratio(restarted), atMost: 0.2 }),
      figure('tokens found in memory, least share', Math.min(...shares).toFixed(3), {
        value: Math.min(...shares),
        atLeast: 0.9,
      }),
      figure('tokens found on the disk', restarted.map(({ cached, prompt }) => `${cached} of ${prompt}`).join(', ')),
      figure('cold', `${(median(colds) * 1000).toFixed(0)} ms`),
    ],
  }
}
