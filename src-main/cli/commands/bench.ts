import { benchmarkTexts } from '@core/benchmark/benchmark-text'
import { Benchmark, BenchmarkPlan, BenchmarksResponse } from '@core/protocols/benchmark'
import { english } from '@core/texts/translator'
import { findDeclaration } from '../api/declarations'
import type { NodeApi } from '../api/node-api'
import { serverSentEvents } from '../api/server-sent-events'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, FAILED, UNREACHABLE, type ExitCode } from '../exit-codes'
import { onEndSignal } from '../terminal/end-signals'
import { Progress } from '../terminal/progress'

export interface BenchFlags extends CommonOptions {
  readonly model: string
  readonly everywhere: boolean
}

const texts = benchmarkTexts(english)

/** Yields a benchmark after each change until it has ended. */
async function* followed(api: NodeApi, benchmarkId: string, signal: AbortSignal): AsyncGenerator<Benchmark> {
  const answer = await api.open('/benchmarks/events', { withinMs: Infinity, signal })
  for await (const { data } of serverSentEvents(answer)) {
    const { benchmarks } = BenchmarksResponse.parse(JSON.parse(data))
    const one = benchmarks.find((benchmark) => benchmark.benchmarkId === benchmarkId)
    if (!one) return
    yield one
    if (one.state !== 'running') return
  }
}

/** Whether the connection ended in the midst of a stream, as it does when the node is killed. */
const isCut = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ECONNRESET'

/** `Mac Studio: measuring 4 clients (1 of 2)`. */
const progressText = ({ placements }: Benchmark): string => {
  const at = placements.findIndex(({ state }) => state === 'loading' || state === 'measuring')
  const one = placements[at]
  return one ? `${texts.placement(one)}: ${texts.state(one) ?? ''} (${at + 1} of ${placements.length})` : 'beginning'
}

/** Benchmarks a model at its current placement or at all possible ones. Ending the command cancels it on the node too. */
export const run = async (
  { model, everywhere, json }: BenchFlags,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const { metaInstanceId } = await findDeclaration(api, model)
  const scope = everywhere ? 'everywhere' : 'here'
  const query = new URLSearchParams({ model: metaInstanceId, scope })
  const { disturbs } = await api.ask(`/benchmarks/plan?${query}`, BenchmarkPlan)
  for (const sentence of texts.disturbs(disturbs)) await err.line(sentence)
  const begun = await api.ask('/benchmarks', Benchmark, { method: 'POST', body: { model: metaInstanceId, scope } })
  const progress = new Progress(err)
  const stop = new AbortController()
  const forget = onEndSignal(() => stop.abort())
  let last = begun
  try {
    for await (const one of followed(api, begun.benchmarkId, stop.signal)) {
      last = one
      await progress.show(progressText(one), progressText(one))
    }
  } catch (error) {
    // What is lost with the connection is told below.
    if (!stop.signal.aborted && !isCut(error)) throw error
  } finally {
    forget()
    await progress.end()
  }
  if (stop.signal.aborted && last.state === 'running') {
    const { benchmarks } = await api.ask('/benchmarks/running', BenchmarksResponse, { method: 'DELETE' })
    last = benchmarks.find(({ benchmarkId }) => benchmarkId === begun.benchmarkId) ?? last
  }
  if (last.state === 'running')
    throw new CommandError('The connection to the node was lost; the benchmark may still run there', {
      hint: 'GET /benchmarks has the results.',
      exitCode: UNREACHABLE,
    })
  if (json) await out.json(last)
  else await out.line(texts.report({ ...last, model }))
  return last.state === 'done' ? DONE : FAILED
}
