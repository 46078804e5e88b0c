import { z } from 'zod'

/**
 * `GET /node/log` returns the last lines of a node's log, each a JSON object; `GET /node/log/events` streams the same
 * lines as server-sent events, and then new ones.
 */
export const NodeLogQuery = z.strictObject({
  lines: z.coerce.number().int().min(0).max(10_000).default(200),
  /** Only lines with this timestamp or a later one, to resume after a disconnect. */
  since: z.iso.datetime().optional(),
})
export type NodeLogQuery = z.infer<typeof NodeLogQuery>
