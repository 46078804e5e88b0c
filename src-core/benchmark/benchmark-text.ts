import type { Benchmark, BenchmarkedPlacement } from '../protocols/benchmark'

const rate = (tokensPerSecond: number): string =>
  `${tokensPerSecond >= 10 ? Math.round(tokensPerSecond) : tokensPerSecond.toFixed(1)} tokens/s`

const duration = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`

/** `Mac Studio + MacBook Pro, Tensor over RDMA`; one machine is shared out over nobody. */
export const placementText = ({
  machines,
  sharding,
  instanceMeta,
}: Pick<BenchmarkedPlacement, 'machines' | 'sharding' | 'instanceMeta'>): string => {
  const names = machines.map(({ name }) => name).join(' + ')
  return machines.length < 2 ? names : `${names}, ${sharding}${instanceMeta === 'MlxJaccl' ? ' over RDMA' : ''}`
}

/** What was measured of a placement, each figure with what it is of. */
export const figureTexts = ({ oneClient, severalClients, firstToken }: BenchmarkedPlacement['figures']): string[] => [
  ...(oneClient === undefined ? [] : [`${rate(oneClient)} for 1 client`]),
  ...(severalClients ? [`${rate(severalClients.tokensPerSecond)} for ${severalClients.clients} clients together`] : []),
  ...firstToken.map(
    ({ promptTokens, milliseconds }) =>
      `first token after ${duration(milliseconds)} of a prompt of ${promptTokens.toLocaleString('en-US')} tokens`,
  ),
]

/** How far a placement is, where it has not been measured. */
export const stateText = ({ state, step, error }: BenchmarkedPlacement): string | undefined => {
  switch (state) {
    case 'waiting':
      return 'waiting'
    case 'loading':
      return 'loading'
    case 'measuring':
      return `measuring ${step ?? ''}`.trimEnd()
    case 'failed':
      return `not measured: ${error ?? 'it failed'}`
    case 'cancelled':
      return 'cancelled'
    case 'done':
      return undefined
  }
}

/** A benchmark as text that can be handed on. */
export const benchmarkText = ({ model, modelId, startedAt, placements }: Benchmark): string => {
  const name = model === modelId ? modelId : `${model} (${modelId})`
  const lines = placements.map((placement) => {
    const parts = [...figureTexts(placement.figures), ...[stateText(placement) ?? []].flat()]
    return [`- ${placementText(placement)}`, ...parts.map((part) => `    ${part}`)].join('\n')
  })
  return [`${name}, ${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`, ...lines].join('\n')
}
