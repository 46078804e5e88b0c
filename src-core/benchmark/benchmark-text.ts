import type { Benchmark, BenchmarkedPlacement, BenchmarkPlan, BenchmarkStep } from '../protocols/benchmark'
import { figuresOf } from '../texts/figures'
import type { Translator } from '../texts/translator'

type PlacementLabel = Pick<BenchmarkedPlacement, 'machines' | 'sharding' | 'instanceMeta'>

/** Texts about benchmarks, in one language. */
export interface BenchmarkTexts {
  /** `Mac Studio + MacBook Pro, Tensor over RDMA`; only the name for a single machine. */
  readonly placement: (placement: PlacementLabel) => string
  /** Results of a placement, each with its label. */
  readonly figures: (figures: BenchmarkedPlacement['figures']) => string[]
  /** Progress of a placement; undefined once measured. */
  readonly state: (placement: Pick<BenchmarkedPlacement, 'state' | 'step' | 'error'>) => string | undefined
  /** What it disturbs, in sentences. */
  readonly disturbs: (disturbs: BenchmarkPlan['disturbs']) => string[]
  /** The whole benchmark as text, for sharing; times are UTC. */
  readonly report: (benchmark: Benchmark) => string
}

export const benchmarkTexts = (translator: Translator): BenchmarkTexts => {
  const { text } = translator
  const { number, speed } = figuresOf(translator)

  const duration = (milliseconds: number): string =>
    milliseconds < 1000
      ? text('benchmark.milliseconds', { value: number(Math.round(milliseconds)) })
      : text('benchmark.seconds', { value: number(milliseconds / 1000, 1) })

  const placement = ({ machines, sharding, instanceMeta }: PlacementLabel): string => {
    const names = machines.map(({ name }) => name).join(' + ')
    if (machines.length < 2) return names
    return text(instanceMeta === 'MlxJaccl' ? 'benchmark.sharedOverRdma' : 'benchmark.shared', { names, sharding })
  }

  const figures = ({ oneClient, severalClients, firstToken }: BenchmarkedPlacement['figures']): string[] => [
    ...(oneClient === undefined ? [] : [text('benchmark.oneClient', { speed: speed(oneClient) })]),
    ...(severalClients
      ? [
          text('benchmark.severalClients', {
            speed: speed(severalClients.tokensPerSecond),
            count: severalClients.clients,
          }),
        ]
      : []),
    ...firstToken.map(({ promptTokens, milliseconds }) =>
      text('benchmark.firstToken', { time: duration(milliseconds), tokens: number(promptTokens) }),
    ),
  ]

  const measuring = (step: BenchmarkStep | undefined): string => {
    switch (step?.kind) {
      case undefined:
        return text('benchmark.measuring')
      case 'words':
        return text('benchmark.measuringWords')
      case 'clients':
        return text('benchmark.measuringClients', { count: step.clients })
      case 'prompt':
        return text('benchmark.measuringPrompt', { tokens: number(step.tokens) })
    }
  }

  const state: BenchmarkTexts['state'] = ({ state: at, step, error }) => {
    switch (at) {
      case 'waiting':
        return text('benchmark.waiting')
      case 'loading':
        return text('benchmark.loading')
      case 'measuring':
        return measuring(step)
      case 'failed':
        return error === undefined ? text('benchmark.failed') : text('benchmark.failedBecause', { reason: error })
      case 'cancelled':
        return text('benchmark.cancelled')
      case 'done':
        return undefined
    }
  }

  return {
    placement,
    figures,
    state,
    disturbs: ({ serving, requests, loads }) => [
      ...(serving ? [text('benchmark.slower')] : []),
      ...(requests > 0 ? [text('benchmark.underWay', { count: requests })] : []),
      ...(loads > 0 ? [text('benchmark.loads', { count: loads })] : []),
    ],
    report: ({ model, modelId, startedAt, placements }) => {
      const name = model === modelId ? modelId : `${model} (${modelId})`
      const lines = placements.map((one) => {
        const details = [...figures(one.figures), ...[state(one) ?? []].flat()]
        return [`- ${placement(one)}`, ...details.map((part) => `    ${part}`)].join('\n')
      })
      return [`${name}, ${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`, ...lines].join('\n')
    },
  }
}
