import { setTimeout as wait } from 'node:timers/promises'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { startCollector } from '../harness/otlp-collector'
import { processorSeconds } from './processor-time'
import { figure, median, spread, type Bench } from './report'

const ROUNDS = 20
const TOKENS = 200

/** Processor time of a node and its runner that a token of one answer takes, in seconds. */
const cost = async ({ url, process: { pid = 0 } }: HeadlessNode): Promise<number> => {
  const before = processorSeconds(pid)
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: TINY, prompt: 'once', max_tokens: TOKENS, temperature: 0, ignore_eos: true }),
  })
  const { usage } = (await response.json()) as { usage?: { completion_tokens: number } }
  if (usage === undefined) throw new Error(`it answered with status ${response.status}`)
  return (processorSeconds(pid) - before) / usage.completion_tokens
}

const ready = async (node: HeadlessNode): Promise<void> => {
  const control = new Control(node.url)
  const { metaInstanceId } = await control.declare(TINY)
  await control.until('READY', (state) => {
    const declared = state.metaInstances[metaInstanceId]
    return declared !== undefined && statusOf(state, declared).status === 'READY'
  })
}

/**
 * What traces cost of the processor time of answers: two nodes, one of which sends traces to a collector, answer in turns, and
 * each turn compares the two. The tiny model makes this the worst case: the less a token costs, the more a trace counts.
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
    for (const node of nodes) await cost(node)
    const ratios: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      // The order changes, so that neither is always the first.
      const first = round % 2 === 0 ? await cost(off) : undefined
      const traced = await cost(on)
      ratios.push((first ?? (await cost(off))) / traced)
    }
    // Traces are sent in batches; without them there would be nothing to compare.
    while (collector.spans().filter(({ name }) => name === 'muster.request').length < ROUNDS) await wait(100)
    const value = median(ratios)
    return {
      name: 'Traces of requests: what they cost',
      rows: [
        figure('tokens per second of processor time with traces, of those without', value.toFixed(3), {
          ...{ value, atLeast: 0.99, noise: spread(ratios) },
        }),
      ],
    }
  } finally {
    for (const node of nodes) await node.stop()
    await collector.close()
    for (const folder of folders) folder.dispose()
  }
}
