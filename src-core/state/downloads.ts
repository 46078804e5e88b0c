import { z } from 'zod'
import { Bytes, ModelId } from '../ids'
import type { State } from './state'

/** How far a model's files are on one node. */
export const Download = z.object({
  status: z.enum(['Pending', 'Ongoing', 'Complete', 'Failed']),
  downloadedBytes: Bytes,
  totalBytes: Bytes,
  bytesPerSecond: z.number().nonnegative().optional(),
  error: z.string().optional(),
  /** Of a complete model's files there: another one once any of them has changed. Absent from older versions. */
  fingerprint: z.string().max(100).optional(),
})
export type Download = z.infer<typeof Download>

/** The models that lie complete on the disk of a machine that is there, each once, by name. */
export const modelsOnDisk = ({ downloads }: Pick<State, 'downloads'>): ModelId[] => {
  const complete = Object.values(downloads).flatMap((models) =>
    Object.entries(models).flatMap(([modelId, { status }]) => (status === 'Complete' ? modelId : [])),
  )
  return [...new Set(complete)].sort().map((modelId) => ModelId.parse(modelId))
}

/** Whether a machine that is there has all of it on its disk. */
export const isOnDisk = ({ downloads }: Pick<State, 'downloads'>, model: string): boolean =>
  Object.values(downloads).some((models) => models[model]?.status === 'Complete')
