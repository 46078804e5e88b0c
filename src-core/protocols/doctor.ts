import { z } from 'zod'
import { NodeId } from '../ids'

/**
 * What machines find when they try to reach one another. Each knows only its own side: whoever is asked collects the
 * others' views over the links, and `doctor/judge.ts` says what they mean.
 */

/** How a call to a machine ended that led to no link. */
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

/** A connection to one address, made only to see how far it gets. */
export const AddressCheck = z.object({
  ip: z.string().max(255),
  port: z.number().int().min(0).max(65535),
  tcp: z.enum(['open', 'refused', 'timed_out', 'unreachable']),
  /** Whether whoever is there proves to be who was meant. */
  tls: z.enum(['ok', 'failed', 'other_machine']).optional(),
})
export type AddressCheck = z.infer<typeof AddressCheck>

/** What one machine sees of another. */
export const Seen = z.object({
  nodeId: NodeId,
  /** It announces itself where this one hears it. */
  announced: z.boolean(),
  checks: z.array(AddressCheck).max(40),
  linked: z.boolean(),
  /** Why there is no link, as the last call ended. */
  lastCall: LastCall.optional(),
  /** It has called here since this one started. */
  calledHere: z.boolean(),
  /** Two machines are up with its identity. */
  duplicated: z.boolean(),
})
export type Seen = z.infer<typeof Seen>

/** All that one machine can say: the stream `examine` has it as its one item. Believed only about the sender. */
export const OwnView = z.object({
  /** Its clock, milliseconds. */
  at: z.number(),
  version: z.string().max(50),
  port: z.number().int().min(0).max(65535),
  /** It announces itself and listens for others. */
  discovery: z.boolean(),
  /** Another machine is up with its identity. */
  duplicated: z.boolean(),
  seen: z.array(Seen).max(1100),
})
export type OwnView = z.infer<typeof OwnView>

/** `unknown`: nobody could be asked. */
const CheckState = z.enum(['yes', 'no', 'unknown'])
export type CheckState = z.infer<typeof CheckState>

/** One question about a way from a machine to another. */
export const Check = z.object({ state: CheckState, code: z.string(), reason: z.string() })
export type Check = z.infer<typeof Check>

export const CHECKS = ['announced', 'tcpOut', 'tcpIn', 'tls', 'link', 'probe'] as const
export type CheckName = (typeof CHECKS)[number]

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

/** Something to do, or to know: what is the matter, why, and what helps. */
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
  /** A `notice` keeps nothing from working. */
  severity: z.enum(['problem', 'notice']),
  /** Whom it is about, the culprit first. */
  nodeIds: z.array(NodeId),
  what: z.string(),
  why: z.string(),
  todo: z.string(),
})
export type Finding = z.infer<typeof Finding>

/** A machine near that is no member, as the machine that was asked sees it. */
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
  /** Who was asked. */
  nodeId: NodeId,
  members: z.array(
    z.object({
      nodeId: NodeId,
      friendlyName: z.string(),
      /** Whether its own view is in here; if not, why. */
      answered: z.boolean(),
      reason: z.string().optional(),
    }),
  ),
  pairs: z.array(PairReport),
  nearby: z.array(NearbyReport),
  findings: z.array(Finding),
})
export type DoctorReport = z.infer<typeof DoctorReport>
