import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { PlacementErrorDetails } from '../state/meta-instances'
import { refusal, type PlacementErrorCode, type PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'
import { clauses, coded, commas, type CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** In this order a machine meets them, and people read of them. */
const RULES = ['offline', 'nodeIds', 'replica', 'drained', 'no_worker', 'cannot_run', 'too_old', 'cannot_load'] as const
type Rule = (typeof RULES)[number]

/** Who was looked at, and who fell out at which rule. */
export class Funnel {
  private readonly removed = new Map<Rule, { nodeIds: NodeId[]; coded: CodedText }>()

  constructor(private readonly state: State) {}

  /** Puts a machine down as removed; gives back nothing, for use in a `flatMap`. */
  remove(rule: Rule, nodeId: NodeId, detail: CodedText): [] {
    const group = this.removed.get(rule)
    if (group) group.nodeIds.push(nodeId)
    else this.removed.set(rule, { nodeIds: [nodeId], coded: detail })
    return []
  }

  private inOrder(): [Rule, { nodeIds: NodeId[]; coded: CodedText }][] {
    return RULES.flatMap((rule): [Rule, { nodeIds: NodeId[]; coded: CodedText }][] => {
      const group = this.removed.get(rule)
      return group ? [[rule, group]] : []
    })
  }

  get hasRemoved(): boolean {
    return this.removed.size > 0
  }

  details(remaining: readonly NodeId[], bytes?: { free: number; needed: number }): PlacementErrorDetails {
    return {
      considered: Object.keys(this.state.members).length,
      removed: this.inOrder().map(([rule, group]) => ({ rule, ...group, detail: inEnglish(group.coded) })),
      remaining: [...remaining],
      ...(bytes && { freeBytes: bytes.free, neededBytes: bytes.needed }),
    }
  }

  /** What is wrong with the request itself, whichever machines there are: nobody else is to be blamed before it. */
  ofRequest(refusal: PlacementRefusal, remaining: readonly NodeId[]): PlacementRefusal {
    return { ...refusal, details: this.details(remaining) }
  }

  /**
   * Machines that were asked for by name and cannot be used: they come first, and nobody has to be told of those that
   * were not asked for. `mini-2 is offline; studio: only coordinates; SENTENCE`.
   */
  ofMissing(missing: readonly NodeId[], sentence: CodedText, remaining: readonly NodeId[]): PlacementRefusal {
    const why = missing.map((nodeId) => {
      const name = nodeName(this.state, nodeId)
      const fell = [...this.removed].find(([, group]) => group.nodeIds.includes(nodeId))
      if (!fell) return coded('refusals.noMember', { name })
      const [rule, { coded: detail }] = fell
      return rule === 'offline'
        ? coded('refusals.isOffline', { name })
        : coded('refusals.lacking', { name, detail: clauses(detail) })
    })
    const whole = coded('refusals.missing', { machines: clauses(...why), sentence: clauses(sentence) })
    return refusal('too_few_machines', whole, this.details(remaining))
  }

  /** `4 machines: 1 offline (mini-2), 1 excluded by nodeIds; SENTENCE`. */
  error(
    code: PlacementErrorCode,
    sentence: CodedText,
    remaining: readonly NodeId[],
    bytes?: { free: number; needed: number },
  ): PlacementRefusal {
    const details = this.details(remaining, bytes)
    const fallen = this.inOrder().map(([rule, { nodeIds, coded: detail }]) => {
      const values = { count: nodeIds.length, detail: clauses(detail) }
      if (rule === 'nodeIds') return coded('refusals.fallenUnnamed', values)
      const names = commas(nodeIds.map((nodeId) => nodeName(this.state, nodeId)))
      return coded('refusals.fallen', { ...values, names })
    })
    if (fallen.length === 0) return refusal(code, sentence, details)
    const values = { count: details.considered, fallen: commas(fallen), sentence: clauses(sentence) }
    return refusal(code, coded('refusals.funnel', values), details)
  }
}
