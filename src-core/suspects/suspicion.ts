import { z } from 'zod'

/** Runner deaths that a request may be present at, anywhere in the cluster, before it is refused. */
export const MAX_DEATHS = 2
/** How long after its latest death a request is remembered. */
export const SUSPICION_MS = 10 * 60_000
/** Requests remembered, the latest. */
export const MAX_SUSPECTS = 1000
/** Deaths remembered of one request. More than `MAX_DEATHS`: those that it has survived are kept as well. */
export const MAX_KNOWN_DEATHS = 16
/** Of a death's cause, in characters. */
export const MAX_CAUSE = 500

/** One runner's end. All requests that it was answering share its id. */
export const Death = z.object({
  deathId: z.string().min(1).max(100),
  /** For people: which machine, and why. */
  cause: z.string().max(MAX_CAUSE),
  /** The request has since run to its end: this death is no longer held against it. Never becomes false again. */
  cleared: z.boolean(),
})
export type Death = z.infer<typeof Death>

/** What is known of a request that was being answered when runners died of their work. */
export const Suspicion = z.object({
  /** SHA-256 of what the request asks, base64. */
  digest: z.string().min(1).max(100),
  /** How long it is remembered yet: relative, as clocks of machines differ. */
  remainingMs: z.number().int().min(1).max(SUSPICION_MS),
  deaths: z.array(Death).min(1).max(MAX_KNOWN_DEATHS),
})
export type Suspicion = z.infer<typeof Suspicion>
