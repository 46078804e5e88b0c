import { setTimeout as wait } from 'node:timers/promises'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { startCollector } from '../harness/otlp-collector'
import { processorSeconds } from './processor-time'
import { figure, milliseconds, type Bench } from './report'

const ROUNDS = 14
/** Of a round, on each node. */
const SHORT_REQUESTS = 40
const SHORT_TOKENS = 2
/** What the cost of a trace is compared with. */
const ANSWERS = 10
const ANSWER_TOKENS = 200

/** Milliseconds of processor time of a node and its runner that a request takes, on average. */
const cost = async ({ url, process: { pid = 0 } }: HeadlessNode, requests: number, tokens: number): Promise<number> => {
  const before = processorSeconds(pid)
  for (let count = 0; count < requests; count += 1) {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: TINY, prompt: 'once', max_tokens: tokens, temperature: 0, ignore_eos: true }),
    })
    if (!response.ok) throw new Error(`it answered with status ${response.status}`)
    await response.arrayBuffer()
  }
  return (1000 * (processorSeconds(pid) - before)) / requests
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Of the mean. */
const standardError = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1))

const ready = async (node: HeadlessNode): Promise<void> => {
  const control = new Control(node.url)
  const { metaInstanceId } = await control.declare(TINY)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[metaInstanceId]
    return declared !== undefined && statusOf(state, declared).status === 'READY'
  })
}

/**
 * What traces cost of the processor time of answers: two nodes, one of which sends traces to a collector, answer in
 * turns. A request has the same spans however long its answer is, so its trace is measured with short requests, of
 * which many can be made, and compared with an answer of the tiny model. That is the worst case: the less a token
 * costs, the more a trace counts.
 */
export const run = async (): Promise<Bench> => {
  const folders = [temporaryFolder(), temporaryFolder()] as const
  const collector = await startCollector()
  const nodes: HeadlessNode[] = []
  try {
    for (const [at, folder] of folders.entries()) {
      addTinyModel(folder.path)
      const env = at === 0 ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` }
      const node = await startHeadless({ dataDir: folder.path, args: ['--peer-port', '0'], env })
      nodes.push(node)
      await ready(node)
    }
    const [off, on] = nodes
    if (!off || !on) throw new Error('a node is missing')
    for (const node of nodes) await cost(node, SHORT_REQUESTS, SHORT_TOKENS)
    const differences: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      // The order changes, so that neither is always the first.
      const [first, second] = round % 2 === 0 ? [off, on] : [on, off]
      const one = await cost(first, SHORT_REQUESTS, SHORT_TOKENS)
      const other = await cost(second, SHORT_REQUESTS, SHORT_TOKENS)
      differences.push(first === on ? one - other : other - one)
    }
    const answer = await cost(off, ANSWERS, ANSWER_TOKENS)
    // Traces are sent in batches; without them there would be nothing to compare.
    const traced = (ROUNDS + 1) * SHORT_REQUESTS
    while (collector.spans().filter(({ name }) => name === 'muster.request').length < traced) await wait(100)
    const value = mean(differences) / answer
    const error = standardError(differences)
    const requests = ROUNDS * SHORT_REQUESTS
    return {
      name: 'Traces of requests: what they cost in processor time',
      rows: [
        figure(
          `a trace, ± the standard error of ${requests} requests`,
          `${mean(differences).toFixed(2)} ± ${milliseconds(error)}`,
        ),
        figure(`an answer of ${ANSWER_TOKENS} tokens without`, milliseconds(answer)),
        figure('a trace’s share of it', `${(100 * value).toFixed(2)} %`, {
          ...{ value, atMost: 0.01, noise: `± ${((100 * error) / answer).toFixed(2)} %` },
        }),
      ],
    }
  } finally {
    for (const node of nodes) await node.stop()
    await collector.close()
    for (const folder of folders) folder.dispose()
  }
}
