import { z } from 'zod'
import { InstanceId, MetaInstanceId, ModelId } from '../ids'

/** What gives way to a placement: a temporary declaration, or an instance without a declaration. */
export const Ending = z.object({
  modelId: ModelId,
  /** Absent for an instance without a declaration. */
  metaInstanceId: MetaInstanceId.optional(),
  name: z.string().optional(),
  /** All instances that are deleted with it. */
  instanceIds: z.array(InstanceId),
})
export type Ending = z.infer<typeof Ending>
