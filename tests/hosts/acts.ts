import type { MetaInstanceView } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { carriesRing, edgesOf } from '@core/state/topology'
import { until, type HostedNode } from './cluster'

/** What people and programs do at a node, and what they then see. */

export const state = async (node: HostedNode): Promise<State> => (await node.ask('/state')) as State

export const declare = async (node: HostedNode, json: object): Promise<MetaInstanceView> =>
  (await node.ask('/meta_instance', { method: 'POST', json: { modelId: 'muster/tiny', ...json } })) as MetaInstanceView

/** Names of what is declared, sorted, as that node knows them. */
export const names = async (node: HostedNode): Promise<string[]> =>
  Object.values((await state(node)).metaInstances)
    .map(({ name }) => name ?? '')
    .sort()

export const statusOf = (node: HostedNode, id: string) => async (): Promise<MetaInstanceView> =>
  (await node.ask(`/meta_instance/${id}`)) as MetaInstanceView

export const ready = (node: HostedNode, id: string): Promise<MetaInstanceView> =>
  until(`${id} READY`, statusOf(node, id), ({ status }) => status === 'READY')

export const role = (node: HostedNode, wanted: string): Promise<unknown> =>
  until(
    wanted,
    () => node.cluster(),
    (view) => view.role === wanted,
  )

/** Resolves when a machine has noticed that it has no link to another one. */
export const unlinked = (node: HostedNode, other: HostedNode): Promise<unknown> =>
  until(
    'the link is given up',
    () => node.cluster(),
    ({ members }) => members.some(({ nodeId, linked }) => nodeId === other.nodeId && !linked),
  )

/** Resolves when each of `count` machines has a way to each other: a group can be placed. */
export const connected = (node: HostedNode, count: number): Promise<State> =>
  until(
    `ways between ${count} machines`,
    () => state(node),
    ({ topology }) =>
      new Set(
        edgesOf(topology)
          .filter(carriesRing)
          .map(({ from, to }) => `${from} ${to}`),
      ).size ===
      count * (count - 1),
  )

const chatOf = (model: string, maxTokens: number) => ({
  model,
  messages: [{ role: 'user', content: 'hello' }],
  max_tokens: maxTokens,
  temperature: 0,
})

/** The whole greedy answer. */
export const chat = async (node: HostedNode, model: string, maxTokens = 24): Promise<string> => {
  const answer = (await node.ask('/v1/chat/completions', { method: 'POST', json: chatOf(model, maxTokens) })) as {
    choices: { message: { content: string } }[]
  }
  return answer.choices[0]?.message.content ?? ''
}

/**
 * The same, token by token; `begun` resolves with the first, `whole` with all of it. Both reject where it breaks off.
 * With `retries` a request that was not taken (no connection, one that was reset, or 503) is made again, as the official
 * clients do. An answer that breaks off would be told twice, and so not equal what it should.
 */
export const stream = (
  node: HostedNode,
  model: string,
  maxTokens: number,
  { retries = 0 }: { readonly retries?: number } = {},
) => {
  const json = JSON.stringify({ ...chatOf(model, maxTokens), stream: true })
  const child = node.host.spawn('curl', [
    ...['--silent', '--show-error', '--no-buffer', '--max-time', '250', '-H', 'content-type: application/json'],
    ...(retries > 0 ? ['--fail', '--retry', String(retries), '--retry-all-errors', '--retry-delay', '1'] : []),
    ...['-d', json, `${node.url}/v1/chat/completions`],
  ])
  let [said, text] = ['', '']
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    const lines = said.split('\n')
    said = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue
      const { choices } = JSON.parse(line.slice('data: '.length)) as { choices?: { delta: { content?: string } }[] }
      if (!choices) {
        child.emit('failed', new Error(line))
        return
      }
      text += choices[0]?.delta.content ?? ''
      if (text !== '') begin()
    }
    if (lines.includes('data: [DONE]')) child.emit('done')
  })
  const whole = new Promise<string>((resolve, reject) => {
    child.once('done', () => resolve(text))
    child.once('failed', reject)
    child.once('close', (code) => reject(new Error(`the stream broke off after ${text.length} characters: ${code}`)))
  })
  return { begun: Promise.race([begun, whole.then(() => undefined)]), whole }
}
