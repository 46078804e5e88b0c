import type { NodeId } from '@core/ids'
import type { InterfaceType } from '@core/state/nodes'
import type { State } from '@core/state/state'
import { edgesOf, isSocketEdge, type Edge } from '@core/state/topology'
import { bytesText } from '../../state/text'
import { formats, t } from '../../state/texts.svelte'

export type LinkKind = 'rdma' | InterfaceType

/** Best first. */
const KINDS: readonly LinkKind[] = ['rdma', 'thunderbolt', 'ethernet', 'wifi', 'unknown', 'loopback']

export const kindName = (kind: LinkKind): string => t(`machines.kind.${kind}`)

/** One connection in one direction. */
export interface Way {
  readonly from: NodeId
  readonly to: NodeId
  readonly kind: LinkKind
  /** The address, or the two RDMA interfaces. */
  readonly over: string
  readonly latencyMs?: number | undefined
  readonly bytesPerSecond?: number | undefined
}

/** All connections between two machines; `kind` is the best. */
export interface PairLink {
  readonly key: string
  readonly a: NodeId
  readonly b: NodeId
  readonly kind: LinkKind
  readonly latencyMs: number | undefined
  readonly bytesPerSecond: number | undefined
  /** If the link works in one direction only: the machine that reaches the other. */
  readonly onlyFrom: NodeId | undefined
  /** Best first. */
  readonly ways: readonly Way[]
}

const wayOf = (edge: Edge): Way =>
  isSocketEdge(edge)
    ? {
        from: edge.from,
        to: edge.to,
        kind: edge.interfaceType,
        over: edge.ip,
        latencyMs: edge.latencyMs,
        bytesPerSecond: edge.bytesPerSecond,
      }
    : { from: edge.from, to: edge.to, kind: 'rdma', over: `${edge.fromInterface} → ${edge.toInterface}` }

const rank = (kind: LinkKind): number => KINDS.indexOf(kind)

const best = (figures: readonly (number | undefined)[], pick: (...all: number[]) => number): number | undefined => {
  const known = figures.filter((figure) => figure !== undefined)
  return known.length === 0 ? undefined : pick(...known)
}

const pairOf = (key: string, a: NodeId, b: NodeId, ways: readonly Way[]): PairLink => {
  const forth = new Set(ways.filter(({ from }) => from === a).map(({ kind }) => kind))
  const back = new Set(ways.filter(({ from }) => from === b).map(({ kind }) => kind))
  // A kind that works in both directions wins over a better one in a single direction.
  const kind = KINDS.find((one) => forth.has(one) && back.has(one)) ?? ways[0]?.kind ?? 'unknown'
  const onlyFrom = back.size === 0 ? a : forth.size === 0 ? b : undefined
  // RDMA is not measured itself: show the figures of its Thunderbolt cable.
  const measured = ways.filter((way) => way.kind === kind || (kind === 'rdma' && way.kind === 'thunderbolt'))
  return {
    key,
    a,
    b,
    kind,
    onlyFrom,
    ways,
    latencyMs: best(
      measured.map(({ latencyMs }) => latencyMs),
      Math.min,
    ),
    bytesPerSecond: best(
      measured.map(({ bytesPerSecond }) => bytesPerSecond),
      Math.max,
    ),
  }
}

/** Connected pairs of members, in the members' order. */
export const pairLinks = ({ members, topology }: Pick<State, 'members' | 'topology'>): readonly PairLink[] => {
  const order = new Map(Object.values(members).map(({ nodeId }, at) => [nodeId, at]))
  // Numbers as keys: ids are long, and a hundred machines have ten thousand edges.
  const pairs = new Map<number, { a: NodeId; b: NodeId; ways: Way[] }>()
  for (const edge of edgesOf(topology)) {
    const [from, to] = [order.get(edge.from), order.get(edge.to)]
    if (from === undefined || to === undefined) continue
    const [a, b] = from < to ? [edge.from, edge.to] : [edge.to, edge.from]
    const key = order.size * Math.min(from, to) + Math.max(from, to)
    const pair = pairs.get(key) ?? { a, b, ways: [] }
    pairs.set(key, pair)
    pair.ways.push(wayOf(edge))
  }
  return [...pairs.values()].map(({ a, b, ways }) =>
    pairOf(
      `${a} ${b}`,
      a,
      b,
      // Outgoing before incoming, in whichever order they were found.
      [...ways].sort(
        (one, other) => rank(one.kind) - rank(other.kind) || Number(one.from === b) - Number(other.from === b),
      ),
    ),
  )
}

/** The other machine of the pair. */
export const otherEnd = ({ a, b }: Pick<PairLink, 'a' | 'b'>, nodeId: NodeId): NodeId => (a === nodeId ? b : a)

export const touches = ({ a, b }: Pick<PairLink, 'a' | 'b'>, nodeId: NodeId | undefined): boolean =>
  a === nodeId || b === nodeId

/** `9 µs`, `0.3 ms`, `12 ms`. */
export const latencyText = (milliseconds: number): string => {
  if (milliseconds < 0.1) return t('machines.microseconds', { value: Math.max(1, Math.round(1000 * milliseconds)) })
  const shown = milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toPrecision(1 + Number(milliseconds >= 1))
  const digits = Number.isInteger(Number(shown)) ? 0 : milliseconds >= 1 ? 1 : Number(shown).toString().length - 2
  return t('machines.milliseconds', { value: formats().number(Number(shown), digits) })
}

export const rateText = (bytesPerSecond: number): string => t('cards.perSecond', { size: bytesText(bytesPerSecond) })

/** Latency and bandwidth, as far as known: `0.3 ms · 2.4 GB/s`. */
export const figuresText = ({ latencyMs, bytesPerSecond }: Pick<Way, 'latencyMs' | 'bytesPerSecond'>): string =>
  [
    ...(latencyMs === undefined ? [] : [latencyText(latencyMs)]),
    ...(bytesPerSecond === undefined ? [] : [rateText(bytesPerSecond)]),
  ].join(' · ')

/** Pairs whose best connection is of this kind. */
export interface KindSummary {
  readonly kind: LinkKind
  /** `6 pairs · 0.2–0.4 ms` */
  readonly text: string
}

/** Totals per kind of connection, best first; shown instead of too many lines. */
export const kindSummaries = (links: readonly PairLink[]): readonly KindSummary[] =>
  KINDS.flatMap((kind) => {
    const those = links.filter((link) => link.kind === kind)
    if (those.length === 0) return []
    const latencies = those.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]))
    const [least, most] = [Math.min(...latencies), Math.max(...latencies)].map(latencyText)
    const range =
      latencies.length === 0
        ? []
        : [least === most ? least : t('machines.range', { least: least ?? '', most: most ?? '' })]
    return [{ kind, text: [t('machines.pairs', { count: those.length }), ...range].join(' · ') }]
  })
