import { z } from 'zod'
import { NodeId } from '../ids'
import { CodedText } from '../texts/coded'

/**
 * What machines find when they connect to one another. Each reports only its own side; the node that is asked collects
 * the others' views over the links, and `doctor/judge.ts` interprets them.
 */

/** How a connection attempt that gave no link ended. */
export const CallOutcome = z.enum([
  'no_address',
  'unreachable',
  'refused',
  'timed_out',
  'tls',
  'other_machine',
  'not_member',
  'protocol',
  'same_identity',
  'lost',
])
export type CallOutcome = z.infer<typeof CallOutcome>

export const LastCall = z.object({ outcome: CallOutcome, reason: z.string().max(500) })
export type LastCall = z.infer<typeof LastCall>

/** A test connection to one address. */
export const AddressCheck = z.object({
  ip: z.string().max(255),
  port: z.number().int().min(0).max(65535),
  tcp: z.enum(['open', 'refused', 'timed_out', 'unreachable']),
  /** Whether the peer proves the expected identity. */
  tls: z.enum(['ok', 'failed', 'other_machine']).optional(),
})
export type AddressCheck = z.infer<typeof AddressCheck>

/** One machine's view of another. */
export const Seen = z.object({
  nodeId: NodeId,
  /** Whether this machine receives its announcements. */
  announced: z.boolean(),
  checks: z.array(AddressCheck).max(40),
  linked: z.boolean(),
  /** Why there is no link: how the last attempt ended. */
  lastCall: LastCall.optional(),
  /** It has connected to this machine since this one started. */
  calledHere: z.boolean(),
  /** Two running machines use its identity. */
  duplicated: z.boolean(),
})
export type Seen = z.infer<typeof Seen>

/** One machine's complete view: the single item of the stream `examine`. Trusted only about the sender. */
export const OwnView = z.object({
  /** Its clock, in milliseconds. */
  at: z.number(),
  version: z.string().max(50),
  port: z.number().int().min(0).max(65535),
  /** Whether it announces itself and listens for others. */
  discovery: z.boolean(),
  /** Another running machine uses its identity. */
  duplicated: z.boolean(),
  seen: z.array(Seen).max(1100),
})
export type OwnView = z.infer<typeof OwnView>

/** `unknown`: no machine could be asked. */
const CheckState = z.enum(['yes', 'no', 'unknown'])
export type CheckState = z.infer<typeof CheckState>

/** Result of one check from one machine to another. */
export const Check = z.object({ state: CheckState, code: z.string(), reason: z.string(), coded: CodedText })
export type Check = z.infer<typeof Check>

export const PairReport = z.object({
  from: NodeId,
  to: NodeId,
  announced: Check,
  tcpOut: Check,
  tcpIn: Check,
  tls: Check,
  link: Check,
  probe: Check,
  latencyMs: z.number().nonnegative().optional(),
})
export type PairReport = z.infer<typeof PairReport>

/** A diagnosis: what is wrong, why, and what to do. */
export const Finding = z.object({
  code: z.enum([
    'firewall',
    'not_running',
    'different_network',
    'away',
    'other_machine',
    'tls_failed',
    'removed',
    'versions',
    'same_identity',
    'clock',
    'not_announced',
    'no_probes',
    'one_way',
    'not_linked',
    'not_asked',
  ]),
  /** A `notice` does not impair anything. */
  severity: z.enum(['problem', 'notice']),
  /** Machines concerned, the cause first. */
  nodeIds: z.array(NodeId),
  what: z.string(),
  why: z.string(),
  todo: z.string(),
  /** The sentences as codes with values, for other languages. */
  coded: z.object({ what: CodedText, why: CodedText, todo: CodedText }).optional(),
})
export type Finding = z.infer<typeof Finding>

/** A nearby machine that is no member, as seen by the machine that was asked. */
export const NearbyReport = z.object({
  nodeId: NodeId,
  clusterId: z.string(),
  version: z.string(),
  friendlyName: z.string().optional(),
  tcpOut: Check,
  tls: Check,
})
export type NearbyReport = z.infer<typeof NearbyReport>

/** `GET /cluster/doctor` */
export const DoctorReport = z.object({
  /** The machine that was asked. */
  nodeId: NodeId,
  members: z.array(
    z.object({
      nodeId: NodeId,
      friendlyName: z.string(),
      /** Whether its own view is included; if not, `reason` says why. */
      answered: z.boolean(),
      reason: z.string().optional(),
      coded: CodedText,
    }),
  ),
  pairs: z.array(PairReport),
  nearby: z.array(NearbyReport),
  findings: z.array(Finding),
})
export type DoctorReport = z.infer<typeof DoctorReport>
