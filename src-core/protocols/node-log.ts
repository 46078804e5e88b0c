import { z } from 'zod'

/**
 * `GET /node/log` gives the last lines of a node's log, each a JSON object; `GET /node/log/events` the same as
 * server-sent events, and then those to come.
 */
export const NodeLogQuery = z.strictObject({
  lines: z.coerce.number().int().min(0).max(10_000).default(200),
  /** Only those that were written at that time or later, as the lines say it: who comes back goes on so. */
  since: z.iso.datetime().optional(),
})
export type NodeLogQuery = z.infer<typeof NodeLogQuery>
