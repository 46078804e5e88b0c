import { z } from 'zod'
import { DeclarationDocument, Prune } from '../declarations/document'
import { MetaInstanceId } from '../ids'

/** `POST /meta_instances/apply`: the documents of one file, applied atomically. */
export const ApplyRequest = z.strictObject({
  documents: z.array(DeclarationDocument).max(1000),
  prune: Prune.optional(),
  /** Only report what would change. */
  dryRun: z.boolean().default(false),
})
export type ApplyRequest = z.infer<typeof ApplyRequest>

const Written = DeclarationDocument.partial()

/** One declaration before and after. `before` is absent for a creation, `after` for a deletion. */
export const AppliedChange = z.object({
  kind: z.enum(['create', 'update', 'delete', 'unchanged']),
  name: z.string(),
  metaInstanceId: MetaInstanceId.optional(),
  before: Written.optional(),
  after: Written.optional(),
})
export type AppliedChange = z.infer<typeof AppliedChange>

export const ApplyAnswer = z.object({ dryRun: z.boolean(), changes: z.array(AppliedChange) })
export type ApplyAnswer = z.infer<typeof ApplyAnswer>
