import { connectionKindBetween, type ConnectionKind } from '@core/placement/connections'
import type { NodeId } from '@core/ids'
import type { Preview } from '@core/placement/preview'
import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { beginningOf } from '../../state/text'
import { usedByOthers } from '../cluster/bands'

/** A machine in the placement diagram; `used`, `ours` and `added` are fractions of its memory. */
export interface DrawnMachine {
  readonly nodeId: NodeId
  readonly name: string
  /** Position in the row, from 0. */
  readonly at: number
  /** Undefined if the placement does not use it. */
  readonly rank: number | undefined
  readonly used: number
  readonly ours: number
  readonly added: number
}

/** Connection from rank `at` to the next; the last one's leads to the first. */
export interface DrawnLink {
  readonly at: number
  readonly to: number
  readonly way: ConnectionKind
}

export interface Drawing {
  readonly machines: readonly DrawnMachine[]
  readonly links: readonly DrawnLink[]
  /** Number of machines left out. */
  readonly hidden: number
}

/** Characters that are drawn as wide as two Latin letters. */
const WIDE = /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation})/u

const widthOf = (character: string): number => (WIDE.test(character) ? 2 : 1)

/** A machine's name that fits below it. */
export const drawnName = (name: string): string =>
  beginningOf(name, 11, widthOf) === name ? name : `${beginningOf(name, 10, widthOf).trimEnd()}…`

/** Maximum machines in a row. */
export const MOST_DRAWN = 6

const machine = (state: State, preview: Preview, nodeId: NodeId, at: number): DrawnMachine => {
  const rank = preview.nodeIds.indexOf(nodeId)
  const node = state.nodes[nodeId]
  const share = (bytes: number): number => (node === undefined ? 0 : bytes / Math.max(1, node.memory.ramTotal))
  const ended = new Set(preview.ends?.flatMap(({ instanceIds }) => instanceIds))
  const kept = Object.values(state.instances).filter(({ instanceId }) => !ended.has(instanceId))
  const claimed = kept.reduce((sum, { claims }) => sum + (claims[nodeId] ?? 0), 0)
  return {
    nodeId,
    name: nodeName(state, nodeId),
    at,
    rank: rank === -1 ? undefined : rank,
    used: share(node === undefined ? 0 : usedByOthers(node)),
    ours: share(claimed),
    added: share(preview.memoryDeltaByNode[nodeId] ?? 0),
  }
}

/** Ranks in order with their links, then the unused machines. */
export const drawPlacement = (state: State, preview: Preview): Drawing => {
  const { nodeIds, instanceMeta } = preview
  const chosen = new Set<string>(nodeIds)
  const rest = Object.values(state.nodes).flatMap(({ nodeId }) => (chosen.has(nodeId) ? [] : [nodeId]))
  const all = [...nodeIds, ...rest]
  const drawn = all.slice(0, MOST_DRAWN)
  const ranks = nodeIds.slice(0, MOST_DRAWN)
  const links = ranks.flatMap((from, at): DrawnLink[] => {
    const to = (at + 1) % nodeIds.length
    const next = nodeIds[to]
    // Two machines have a single link; links to omitted machines are dropped.
    if (next === undefined || to >= drawn.length || to === at || (nodeIds.length === 2 && at === 1)) return []
    return [{ at, to, way: connectionKindBetween(state, from, next, instanceMeta) }]
  })
  return {
    machines: drawn.map((nodeId, at) => machine(state, preview, nodeId, at)),
    links,
    hidden: all.length - drawn.length,
  }
}
