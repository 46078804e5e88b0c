import { z } from 'zod'
import { RunnerId } from '../ids'
import { processFields, runnerStatusWith } from '../state/runners'

export const RunnerStatusUpdated = runnerStatusWith({
  ...processFields,
  /** For how long it has been able to serve, so that a new leader knows. Absent from older machines. */
  servingMs: z.number().int().nonnegative().optional(),
  type: z.literal('RunnerStatusUpdated'),
  runnerId: RunnerId,
})
export const RunnerDeleted = z.object({ type: z.literal('RunnerDeleted'), runnerId: RunnerId })
