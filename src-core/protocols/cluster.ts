import { z } from 'zod'
import { InstanceId, MetaInstanceId, NodeId } from '../ids'
import { Ending } from '../placement/ending'
import { GivenName } from '../settings/given-name'
import { PlacementError } from '../state/meta-instances'

/** Schemas of the control API for the cluster: joining, members, draining, and what-if previews. */

/** `POST /cluster/invite`; the body may be empty. */
export const InviteRequest = z.strictObject({
  /** Milliseconds; the default and the maximum is ten minutes. */
  validForMs: z.number().int().min(1000).max(600_000).optional(),
})
export const InviteAnswer = z.object({ token: z.string(), expiresAt: z.number() })
export type InviteAnswer = z.infer<typeof InviteAnswer>

/** `POST /cluster/join`: by token, by a nearby node's id, or by address (`host:port`). */
export const JoinRequest = z.union([
  z.strictObject({ token: z.string().min(1).max(10_000) }),
  z.strictObject({ nodeId: NodeId }),
  z.strictObject({ address: z.string().min(1).max(300) }),
])

/** `POST /cluster/measure`: measures the throughput of the connections between two members, from `from`. */
export const MeasureRequest = z.strictObject({ from: NodeId, to: NodeId })

/** `POST /cluster/requests/{id}` */
export const AdmissionAnswer = z.strictObject({ allow: z.boolean() })

const JoinState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('asking') }),
  /** Both machines show these digits; a person at the other one must allow the join. */
  z.object({ state: z.literal('waiting'), digits: z.string(), clusterName: z.string(), friendlyName: z.string() }),
  z.object({ state: z.literal('joined') }),
  z.object({ state: z.literal('failed'), code: z.string(), reason: z.string(), hint: z.string() }),
])

/** `GET /cluster`: this machine's view of its cluster and of clusters nearby. */
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
      /** Whether this machine has a link to it, or is it. */
      linked: z.boolean(),
      /** Why there is no link: how the last connection attempt ended. */
      failure: z.string().optional(),
      /** Two running machines use its identity. */
      duplicated: z.boolean(),
    }),
  ),
  /** Nodes of other clusters on the local network. Their announcements are not authenticated. */
  nearby: z.array(
    z.object({
      nodeId: NodeId,
      clusterId: z.string(),
      version: z.string(),
      /** As announced. */
      friendlyName: z.string().optional(),
      addresses: z.array(z.string()),
    }),
  ),
  /** Machines that ask this one to let them join. */
  asking: z.array(z.object({ requestId: z.string(), nodeId: NodeId, friendlyName: z.string(), digits: z.string() })),
  joining: JoinState.optional(),
})
export type ClusterView = z.infer<typeof ClusterView>

/** `PATCH /cluster` */
export const RenameClusterRequest = z.strictObject({ name: GivenName })

/** `PATCH /cluster/members/{nodeId}` */
export const RenameMemberRequest = z.strictObject({ friendlyName: GivenName })

/** `POST /cluster/members/{id}/drain`: moves its models elsewhere and places none on it; `false` cancels the drain. */
export const DrainRequest = z.strictObject({ drained: z.boolean().default(true) })

/** Progress of a drain: what is left on the machine, and why it does not move, if known. */
export const DrainView = z.object({
  nodeId: NodeId,
  drained: z.boolean(),
  /** Drained and empty: it may sleep, be updated or be switched off. */
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

/** What would happen to each declaration if a machine were gone. */
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
          /** What ends because its memory is needed; absent if nothing. */
          ends: z.array(Ending).optional(),
          /** Other replicas that keep serving. */
          others: z.number().int().optional(),
          reason: z.string().optional(),
          /** The refusal with that reason; absent from nodes of earlier versions. */
          error: PlacementError.optional(),
        }),
      ),
    }),
  ),
})
export type WhatIfView = z.infer<typeof WhatIfView>
