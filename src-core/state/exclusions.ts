import { z } from 'zod'
import { NodeId } from '../ids'
import { CodedText } from '../texts/coded'

/** The reason that the machine itself reported, in English and as a code. */
const Why = z.object({ text: z.string(), coded: CodedText })

/** Why placement excluded a machine, in the order in which the rules are applied. */
export const Exclusion = z.discriminatedUnion('rule', [
  /** Assumed to have left, in a forecast. */
  z.object({ rule: z.literal('away') }),
  z.object({ rule: z.literal('offline') }),
  /** Not among the chosen machines. Records of earlier versions do not list the chosen ones. */
  z.object({ rule: z.literal('nodeIds'), chosen: z.array(NodeId).optional() }),
  z.object({ rule: z.literal('replica') }),
  z.object({ rule: z.literal('drained') }),
  z.object({ rule: z.literal('no_worker') }),
  z.object({ rule: z.literal('cannot_run'), why: Why }),
  z.object({ rule: z.literal('too_old') }),
  z.object({ rule: z.literal('cannot_load'), why: Why }),
])
export type Exclusion = z.infer<typeof Exclusion>

/**
 * The machines that one rule excluded. `rule`, `chosen` and `why` form an `Exclusion`, unless another version wrote
 * them.
 */
export const ExcludedMachines = z.object({
  rule: z.string(),
  nodeIds: z.array(NodeId),
  detail: z.string(),
  /** The detail as a code. */
  coded: CodedText,
  chosen: z.array(NodeId).optional(),
  why: Why.optional(),
})
export type ExcludedMachines = z.infer<typeof ExcludedMachines>

/** Undefined for a rule that this version does not know. */
export const exclusionOf = (excluded: ExcludedMachines): Exclusion | undefined => Exclusion.safeParse(excluded).data
