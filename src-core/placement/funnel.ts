import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { PlacementErrorDetails } from '../state/meta-instances'
import type { PlacementErrorCode, PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'

const GIGABYTE = 1e9

/** `142 GB`, `6.2 GB`, `0.54 GB`: as many digits as tell the difference. */
export const gigabytes = (bytes: number): string => {
  const value = bytes / GIGABYTE
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} GB`
}

const machines = (count: number): string => `${count} machine${count === 1 ? '' : 's'}`

/** In this order a machine meets them, and people read of them. */
const RULES = ['offline', 'nodeIds', 'replica', 'drained', 'no_worker', 'cannot_run', 'too_old', 'cannot_load'] as const
type Rule = (typeof RULES)[number]

/** Who was looked at, and who fell out at which rule. */
export class Funnel {
  private readonly removed = new Map<Rule, { nodeIds: NodeId[]; detail: string }>()

  constructor(private readonly state: State) {}

  /** Puts a machine down as removed; gives back nothing, for use in a `flatMap`. */
  remove(rule: Rule, nodeId: NodeId, detail: string): [] {
    const group = this.removed.get(rule)
    if (group) group.nodeIds.push(nodeId)
    else this.removed.set(rule, { nodeIds: [nodeId], detail })
    return []
  }

  get hasRemoved(): boolean {
    return this.removed.size > 0
  }

  details(remaining: readonly NodeId[], bytes?: { free: number; needed: number }): PlacementErrorDetails {
    return {
      considered: Object.keys(this.state.members).length,
      removed: RULES.flatMap((rule) => {
        const group = this.removed.get(rule)
        return group ? [{ rule, ...group }] : []
      }),
      remaining: [...remaining],
      ...(bytes && { freeBytes: bytes.free, neededBytes: bytes.needed }),
    }
  }

  /** What is wrong with the request itself, whichever machines there are: nobody else is to be blamed before it. */
  ofRequest({ code, reason }: PlacementRefusal, remaining: readonly NodeId[]): PlacementRefusal {
    return { code, reason, details: this.details(remaining) }
  }

  /**
   * Machines that were asked for by name and cannot be used: they come first, and nobody has to be told of those that
   * were not asked for. `mini-2 is offline; studio: only coordinates; SENTENCE`.
   */
  ofMissing(missing: readonly NodeId[], sentence: string, remaining: readonly NodeId[]): PlacementRefusal {
    const why = missing.map((nodeId) => {
      const name = nodeName(this.state, nodeId)
      const fell = [...this.removed].find(([, group]) => group.nodeIds.includes(nodeId))
      if (!fell) return `${name} is no member`
      const [rule, { detail }] = fell
      return rule === 'offline' ? `${name} is offline` : `${name}: ${detail}`
    })
    return { code: 'too_few_machines', reason: [...why, sentence].join('; '), details: this.details(remaining) }
  }

  /** `4 machines: 1 offline (mini-2), 1 excluded by nodeIds; SENTENCE`. */
  error(
    code: PlacementErrorCode,
    sentence: string,
    remaining: readonly NodeId[],
    bytes?: { free: number; needed: number },
  ): PlacementRefusal {
    const details = this.details(remaining, bytes)
    const fallen = details.removed.map(({ rule, nodeIds, detail }) => {
      const names = rule === 'nodeIds' ? '' : ` (${nodeIds.map((nodeId) => nodeName(this.state, nodeId)).join(', ')})`
      return `${nodeIds.length} ${detail}${names}`
    })
    const reason = fallen.length === 0 ? sentence : `${machines(details.considered)}: ${fallen.join(', ')}; ${sentence}`
    return { code, reason, details }
  }
}
