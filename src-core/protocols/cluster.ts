import { z } from 'zod'
import { InstanceId, MetaInstanceId, NodeId } from '../ids'
import { GivenName } from '../settings/given-name'

/** Schemas of the control API about the cluster: joining it, its members, and what becomes of models without one. */

/** `POST /cluster/invite`, which may have no body. */
export const InviteRequest = z.strictObject({
  /** Milliseconds; ten minutes where it is not given, which is also the most. */
  validForMs: z.number().int().min(1000).max(600_000).optional(),
})
export const InviteAnswer = z.object({ token: z.string(), expiresAt: z.number() })
export type InviteAnswer = z.infer<typeof InviteAnswer>

/** `POST /cluster/join`: by a token, by a node that is near, or by an address (`host:port`). */
export const JoinRequest = z.union([
  z.strictObject({ token: z.string().min(1).max(10_000) }),
  z.strictObject({ nodeId: NodeId }),
  z.strictObject({ address: z.string().min(1).max(300) }),
])

/** `POST /cluster/measure`: how much the connections between two members carry, as `from` sees it. */
export const MeasureRequest = z.strictObject({ from: NodeId, to: NodeId })

/** `POST /cluster/requests/{id}` */
export const AdmissionAnswer = z.strictObject({ allow: z.boolean() })

const JoinState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('asking') }),
  /** Both machines show these digits; somebody there has to allow it. */
  z.object({ state: z.literal('waiting'), digits: z.string(), clusterName: z.string(), friendlyName: z.string() }),
  z.object({ state: z.literal('joined') }),
  z.object({ state: z.literal('failed'), code: z.string(), reason: z.string(), hint: z.string() }),
])

/** `GET /cluster`: what this machine knows of its cluster and of others near it. */
export const ClusterView = z.object({
  nodeId: NodeId,
  clusterId: z.string(),
  name: z.string(),
  masterNodeId: NodeId.optional(),
  role: z.enum(['master', 'follower', 'seeking', 'stepped-down']),
  members: z.array(
    z.object({
      nodeId: NodeId,
      friendlyName: z.string(),
      /** This machine has a link to it, or is it. */
      linked: z.boolean(),
      /** Why there is no link, as the last call ended. */
      failure: z.string().optional(),
      /** Two machines are up with its identity. */
      duplicated: z.boolean(),
    }),
  ),
  /** Nodes on the local network that belong to other clusters. What they say of themselves is not proved. */
  nearby: z.array(
    z.object({
      nodeId: NodeId,
      clusterId: z.string(),
      version: z.string(),
      /** As it calls itself. */
      friendlyName: z.string().optional(),
      addresses: z.array(z.string()),
    }),
  ),
  /** Machines that ask to be let in here. */
  asking: z.array(z.object({ requestId: z.string(), nodeId: NodeId, friendlyName: z.string(), digits: z.string() })),
  joining: JoinState.optional(),
})
export type ClusterView = z.infer<typeof ClusterView>

/** `PATCH /cluster` */
export const RenameClusterRequest = z.strictObject({ name: GivenName })

/** `PATCH /cluster/members/{nodeId}` */
export const RenameMemberRequest = z.strictObject({ friendlyName: GivenName })

/** `POST /cluster/members/{id}/drain`: moves its models elsewhere and keeps others away; `false` takes that back. */
export const DrainRequest = z.strictObject({ drained: z.boolean().default(true) })

/** How far a machine is drained: what is still on it, and why it does not move where that is known. */
export const DrainView = z.object({
  nodeId: NodeId,
  drained: z.boolean(),
  /** Drained, and nothing is left: it may sleep, be updated or be switched off. */
  empty: z.boolean(),
  remaining: z.array(
    z.object({
      instanceId: InstanceId,
      metaInstanceId: MetaInstanceId.optional(),
      label: z.string(),
      stuck: z.string().optional(),
    }),
  ),
})
export type DrainView = z.infer<typeof DrainView>

/** What would become of each declaration, were a machine gone. */
export const WhatIfView = z.object({
  machines: z.array(
    z.object({
      nodeId: NodeId,
      friendlyName: z.string(),
      declarations: z.array(
        z.object({
          metaInstanceId: MetaInstanceId,
          name: z.string(),
          fate: z.enum(['moves', 'stops']),
          nodeIds: z.array(NodeId).optional(),
          tokensPerSecond: z.number().optional(),
          /** Other replicas that go on serving. */
          others: z.number().int().optional(),
          reason: z.string().optional(),
        }),
      ),
    }),
  ),
})
export type WhatIfView = z.infer<typeof WhatIfView>
