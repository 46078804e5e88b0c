import { z } from 'zod'

const PART = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i
const NAME = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i

const LabelName = z.string().regex(NAME, 'a label is letters, digits, ".", "_" and "-", as in team or example.org/team')
const LabelValue = z
  .string()
  .regex(PART, 'the value of a label is 1 to 63 letters, digits, ".", "_" and "-"')
  .or(z.literal(''))

/** Labels of a declaration, with Kubernetes' rules for names and values. */
export const Labels = z
  .record(LabelName, LabelValue)
  .refine((labels) => Object.keys(labels).length <= 64, 'at most 64 labels')
export type Labels = z.infer<typeof Labels>

/** Whether labels contain every pair of a selector. */
export const matchesLabels = (labels: Labels | undefined, selector: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels !== undefined && labels[name] === value)
