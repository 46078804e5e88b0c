import { z } from 'zod'
import type { ApiRequest } from '@core/generation/request'

/** LM Studio's field: seconds to keep a model that was loaded on request after its last answer. */
export const ttlField = { ttl: z.number().min(0).nullish() }

export const keptFor = ({ ttl }: z.infer<z.ZodObject<typeof ttlField>>): Pick<ApiRequest, 'keepAlive'> =>
  typeof ttl === 'number' ? { keepAlive: ttl } : {}
