import { z } from 'zod'
import { RunnerId } from '../ids'
import { processFields, runnerStatusWith } from '../state/runners'

export const RunnerStatusUpdated = runnerStatusWith({
  ...processFields,
  type: z.literal('RunnerStatusUpdated'),
  runnerId: RunnerId,
})
export const RunnerDeleted = z.object({ type: z.literal('RunnerDeleted'), runnerId: RunnerId })
