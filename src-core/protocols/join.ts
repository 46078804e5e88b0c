import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'

/**
 * The handshake by which an unknown machine becomes a member, over TLS 1.3 with certificates on both sides. With a
 * token, the joiner can authenticate the member and sends the secret. Without one, both sides commit to a nonce, reveal
 * it, and show the same six digits to their people:
 *
 *     joiner  ask {commitment}      →  member
 *     joiner  ←  commitment            member
 *     joiner  reveal {nonce}        →  member
 *     joiner  ←  reveal {nonce}        member
 *     joiner  ←  admitted | refused    member
 */
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const name = z.string().min(1).max(100)

export const Fellow = z.object({
  nodeId: NodeId,
  addresses: z.array(z.object({ ip: z.string().max(255), port: z.number().int().min(1).max(65535) })).max(100),
})
export type Fellow = z.infer<typeof Fellow>

/** Data that a newly admitted machine receives. */
export interface Admission {
  readonly clusterId: string
  readonly members: readonly Fellow[]
  readonly admittedAt?: Timestamp | undefined
}

/** Characters of the reason of a refusal. */
export const MAX_REASON = 500

export const JoinMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('token'), secret: z.string().max(200), friendlyName: name }),
  z.object({ type: z.literal('ask'), friendlyName: name, commitment: hash }),
  z.object({ type: z.literal('commitment'), commitment: hash, clusterName: name, friendlyName: name }),
  z.object({ type: z.literal('reveal'), nonce: hash }),
  z.object({
    type: z.literal('admitted'),
    clusterId: z.string().max(100),
    members: z.array(Fellow).max(1000),
    /** By the leader's clock; absent from members of older versions. */
    admittedAt: Timestamp.optional(),
  }),
  z.object({ type: z.literal('refused'), code: z.string().max(50), reason: z.string().max(MAX_REASON) }),
])
export type JoinMessage = z.infer<typeof JoinMessage>

export const MAX_JOIN_MESSAGE_BYTES = 256 * 1024
