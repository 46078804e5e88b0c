import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import { Exclusion } from '../state/exclusions'
import type { PlacementErrorDetails } from '../state/meta-instances'
import { refusal, type PlacementErrorCode, type PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'
import { clauses, coded, commas, type CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** Rules in filter order; refusals list them in the same order. */
const RULES = Exclusion.options.map(({ shape }) => shape.rule.value)

/** Machines excluded by the same rule and, if the machines reported a reason, for the same reason. */
interface Group {
  readonly exclusion: Exclusion
  readonly nodeIds: NodeId[]
  readonly coded: CodedText
}

/** The exclusion in the words of the API. The app has its own (`placement-words.ts`). */
const exclusionText = (exclusion: Exclusion): CodedText => {
  switch (exclusion.rule) {
    case 'away':
      return coded('refusals.rule.away')
    case 'offline':
      return coded('refusals.rule.offline')
    case 'nodeIds':
      return coded('refusals.rule.nodeIds')
    case 'replica':
      return coded('refusals.rule.replica')
    case 'drained':
      return coded('refusals.rule.drained')
    case 'no_worker':
      return coded('refusals.rule.noWorker')
    case 'cannot_run':
      return coded('refusals.rule.cannotRun', { why: clauses(exclusion.why.coded ?? exclusion.why.text) })
    case 'too_old':
      return coded('refusals.rule.tooOld')
    case 'cannot_load':
      return coded('refusals.rule.cannotLoad', { why: clauses(exclusion.why.coded ?? exclusion.why.text) })
  }
}

const missingText = (name: string, { exclusion: { rule }, coded: detail }: Group): CodedText => {
  if (rule === 'away') return coded('refusals.isAway', { name })
  if (rule === 'offline') return coded('refusals.isOffline', { name })
  return coded('refusals.lacking', { name, detail: clauses(detail) })
}

/** Records the machines a search considered and the rule that excluded each, and words refusals from them. */
export class Funnel {
  private readonly removed = new Map<string, Group>()

  constructor(private readonly state: State) {}

  /** Records a machine as excluded. Returns an empty list, for use in a `flatMap`. */
  remove(exclusion: Exclusion, nodeId: NodeId): [] {
    const key = 'why' in exclusion ? `${exclusion.rule} ${exclusion.why.text}` : exclusion.rule
    const group = this.removed.get(key)
    if (group) group.nodeIds.push(nodeId)
    else this.removed.set(key, { exclusion, nodeIds: [nodeId], coded: exclusionText(exclusion) })
    return []
  }

  private inOrder(): Group[] {
    const groups = [...this.removed.values()]
    return RULES.flatMap((rule) => groups.filter(({ exclusion }) => exclusion.rule === rule))
  }

  get hasRemoved(): boolean {
    return this.removed.size > 0
  }

  details(remaining: readonly NodeId[], bytes?: { free: number; needed: number }): PlacementErrorDetails {
    return {
      considered: Object.keys(this.state.members).length,
      removed: this.inOrder().map(({ exclusion, nodeIds, coded: detail }) => ({
        ...exclusion,
        nodeIds,
        detail: inEnglish(detail),
        coded: detail,
      })),
      remaining: [...remaining],
      ...(bytes && { freeBytes: bytes.free, neededBytes: bytes.needed }),
    }
  }

  /** Reports a problem of the request itself, which no choice of machines can solve; only the details name machines. */
  requestProblem(refusal: PlacementRefusal, remaining: readonly NodeId[]): PlacementRefusal {
    return { ...refusal, details: this.details(remaining) }
  }

  /**
   * Reports requested machines that cannot be used, and no others: `mini-2 is offline; studio: only coordinates;
   * SENTENCE`.
   */
  missingMachines(missing: readonly NodeId[], sentence: CodedText, remaining: readonly NodeId[]): PlacementRefusal {
    const groups = [...this.removed.values()]
    const described = missing.map((nodeId) => {
      const name = nodeName(this.state, nodeId)
      const exclusion = groups.find(({ nodeIds }) => nodeIds.includes(nodeId))
      return exclusion === undefined
        ? { isMember: false, why: coded('refusals.noMember', { name }) }
        : { isMember: true, why: missingText(name, exclusion) }
    })
    const joined = (some: typeof described): CodedText =>
      coded('refusals.missing', { machines: clauses(...some.map(({ why }) => why)), sentence: clauses(sentence) })
    // The details name only members.
    const nonMembers = described.filter(({ isMember }) => !isMember)
    const problem = nonMembers.length > 0 ? joined(nonMembers) : sentence
    return refusal('too_few_machines', joined(described), { ...this.details(remaining), problem })
  }

  /** `4 machines: 1 offline (mini-2), 1 excluded by nodeIds; SENTENCE`. */
  error(
    code: PlacementErrorCode,
    sentence: CodedText,
    remaining: readonly NodeId[],
    bytes?: { free: number; needed: number },
  ): PlacementRefusal {
    const details = { ...this.details(remaining, bytes), problem: sentence }
    const byRule = this.inOrder().map(({ exclusion: { rule }, nodeIds, coded: detail }) => {
      const values = { count: nodeIds.length, detail: clauses(detail) }
      if (rule === 'nodeIds') return coded('refusals.fallenUnnamed', values)
      const names = commas(nodeIds.map((nodeId) => nodeName(this.state, nodeId)))
      return coded('refusals.fallen', { ...values, names })
    })
    if (byRule.length === 0) return refusal(code, sentence, details)
    const values = { count: details.considered, fallen: commas(byRule), sentence: clauses(sentence) }
    return refusal(code, coded('refusals.funnel', values), details)
  }
}
