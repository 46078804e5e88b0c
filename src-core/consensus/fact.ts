import { z } from 'zod'

/**
 * Facts about the work of a deciding node, in a field of its log lines, for programs that follow the log. The text of a
 * line is for people and may change.
 */
export const Fact = z.discriminatedUnion('fact', [
  /** The records after this one are not in the leader's log, and were set aside. */
  z.object({ fact: z.literal('set_aside'), after: z.number() }),
  /** Declarations from this node's side of a split were submitted to the leader, with this result. */
  z.object({
    fact: z.literal('merged'),
    result: z.string(),
    refusal: z.object({ reason: z.string() }).optional(),
  }),
  /** A snapshot of the leader replaced the log, up to this record. */
  z.object({ fact: z.literal('snapshot_installed'), sequence: z.number() }),
  /** The disk refuses writes or hangs: the node takes no part. `code` is an error code of the API. */
  z.object({ fact: z.literal('stepped_down'), code: z.string() }),
  /** The disk accepts writes again. */
  z.object({ fact: z.literal('returned') }),
  // Faults of the program, not of its environment.
  z.object({ fact: z.literal('process_manager_failed'), manager: z.string() }),
  z.object({ fact: z.literal('replication_failed') }),
  z.object({ fact: z.literal('log_unreadable') }),
  z.object({ fact: z.literal('split_unreadable') }),
  z.object({ fact: z.literal('implausible_term'), peer: z.string(), reason: z.string() }),
  z.object({ fact: z.literal('implausible_stamp'), peer: z.string() }),
  /** The clock of this member, or of this node, is ahead of the others' by this many milliseconds, or behind. */
  z.object({ fact: z.literal('clock_off'), peer: z.string(), aheadMs: z.number() }),
  z.object({ fact: z.literal('frame_too_large'), peer: z.string(), frame: z.string() }),
])
export type Fact = z.infer<typeof Fact>

type Fields = (Fact | { readonly fact?: never }) & Readonly<Record<string, unknown>>

/** A log whose lines may carry a fact. */
export interface FactLog {
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
}
