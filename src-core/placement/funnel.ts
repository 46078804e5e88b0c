import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { PlacementErrorDetails } from '../state/meta-instances'
import { refusal, type PlacementErrorCode, type PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'
import { clauses, coded, commas, type CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** Filter order; refusals list the rules in the same order. */
const RULES = ['offline', 'nodeIds', 'replica', 'drained', 'no_worker', 'cannot_run', 'too_old', 'cannot_load'] as const
type Rule = (typeof RULES)[number]

/** Records the machines a search considered and the rule that excluded each, and words refusals from them. */
export class Funnel {
  private readonly removed = new Map<Rule, { nodeIds: NodeId[]; coded: CodedText }>()

  constructor(private readonly state: State) {}

  /** Records a machine as excluded. Returns an empty list, for use in a `flatMap`. */
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

  /**
   * Reports a problem of the request itself, which no choice of machines would cure; only the details name machines.
   */
  requestProblem(refusal: PlacementRefusal, remaining: readonly NodeId[]): PlacementRefusal {
    return { ...refusal, details: this.details(remaining) }
  }

  /**
   * Reports requested machines that cannot be used, and no others: `mini-2 is offline; studio: only coordinates;
   * SENTENCE`.
   */
  missingMachines(missing: readonly NodeId[], sentence: CodedText, remaining: readonly NodeId[]): PlacementRefusal {
    const why = missing.map((nodeId) => {
      const name = nodeName(this.state, nodeId)
      const exclusion = [...this.removed].find(([, group]) => group.nodeIds.includes(nodeId))
      if (!exclusion) return coded('refusals.noMember', { name })
      const [rule, { coded: detail }] = exclusion
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
