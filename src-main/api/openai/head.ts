import { randomUUID } from 'node:crypto'

const MS_PER_SECOND = 1000

/** The id, model and creation time of one completion. `created` in seconds since the Unix epoch. */
export interface Head {
  readonly id: string
  readonly created: number
  readonly model: string
}

export const newHead = (prefix: string, model: string): Head => ({
  id: `${prefix}${randomUUID()}`,
  created: Math.floor(Date.now() / MS_PER_SECOND),
  model,
})
