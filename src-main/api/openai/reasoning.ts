import { z } from 'zod'
import type { Reasoning } from '@core/generation/conversation'

export const Effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

/** Reasoning effort; `none` turns reasoning off. With `minimal` the model decides whether to reason. */
export const reasoningOf = (effort: z.infer<typeof Effort> | null | undefined): Reasoning => {
  switch (effort) {
    case 'none':
      return { enabled: false }
    case 'minimal':
      return { effort }
    case 'low':
    case 'medium':
    case 'high':
      return { enabled: true, effort }
    case 'xhigh':
    case 'max':
      return { enabled: true, effort: 'high' }
    case null:
    case undefined:
      return {}
  }
}
