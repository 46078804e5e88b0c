import { z } from 'zod'

/** A request is refused after this many runner deaths during its processing, anywhere in the cluster. */
export const MAX_DEATHS = 2
/** How long a request is remembered after its latest death. */
export const SUSPICION_MS = 10 * 60_000
/** Most requests remembered; the latest are kept. */
export const MAX_SUSPECTS = 1000
/** Most deaths remembered per request. Above `MAX_DEATHS`, as cleared deaths are kept too. */
export const MAX_KNOWN_DEATHS = 16
/** Maximum length of a death's cause, in characters. */
export const MAX_CAUSE = 500

/** The death of a runner. All requests that it was processing share its id. */
export const Death = z.object({
  deathId: z.string().min(1).max(100),
  /** For people: which machine, and why. */
  cause: z.string().max(MAX_CAUSE),
  /** The request has since run to its end, so this death is no longer held against it. Never reset. */
  cleared: z.boolean(),
})
export type Death = z.infer<typeof Death>

/** What is known about a request during which runners died of their work. */
export const Suspicion = z.object({
  /** SHA-256 of the request's content, base64. */
  digest: z.string().min(1).max(100),
  /** Remaining time until it is forgotten; relative, because clocks of machines differ. */
  remainingMs: z.number().int().min(1).max(SUSPICION_MS),
  deaths: z.array(Death).min(1).max(MAX_KNOWN_DEATHS),
})
export type Suspicion = z.infer<typeof Suspicion>
