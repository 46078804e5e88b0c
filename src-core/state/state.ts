import { z } from 'zod'
import { EntityStamps } from './stamp'
import { NodeId, Timestamp } from '../ids'
import { ClusterSettings, defaultClusterSettings } from '../settings/cluster'
import { ApiKey } from './api-keys'
import { Download } from './downloads'
import { Instance } from './instances'
import { Member } from './members'
import { MetaInstance } from './meta-instances'
import { Node } from './nodes'
import { Runner } from './runners'
import { Task } from './tasks'
import { Topology } from './topology'

/**
 * The cluster's state, as `GET /state` returns it and snapshots store it: the fold of all events. Each family is a
 * record by id, in order of appearance.
 */
export const State = z.object({
  metaInstances: z.record(z.string(), MetaInstance),
  instances: z.record(z.string(), Instance),
  runners: z.record(z.string(), Runner),
  tasks: z.record(z.string(), Task),
  nodes: z.record(z.string(), Node),
  members: z.record(z.string(), Member),
  topology: Topology,
  /** By node, then by model. */
  downloads: z.record(z.string(), z.record(z.string(), Download)),
  settings: ClusterSettings,
  apiKeys: z.record(z.string(), ApiKey),
  /** When a request last began or ended, by temporary declaration. Absent: no request yet in this term. */
  lastUsed: z.record(z.string(), Timestamp).optional(),
  /**
   * Tombstones: ids of deleted declarations, revoked keys and removed members, with the time; kept until every member
   * has them.
   */
  retired: z.record(z.string(), Timestamp).optional(),
  /** When declared entities were last written, by kind and id. Absent from states of earlier versions. */
  stamps: z.record(z.string(), EntityStamps).optional(),
  lastEventIndex: z.number().int().nonnegative(),
  /** Time of the last event. Never goes backwards. */
  lastEventAt: z.number().int().nonnegative(),
  term: z.number().int().nonnegative(),
  masterNodeId: NodeId.optional(),
})
export type State = z.infer<typeof State>

export const emptyState = (): State => ({
  metaInstances: {},
  instances: {},
  runners: {},
  tasks: {},
  nodes: {},
  members: {},
  topology: { edges: {} },
  downloads: {},
  settings: defaultClusterSettings,
  apiKeys: {},
  lastEventIndex: 0,
  lastEventAt: 0,
  term: 0,
})
