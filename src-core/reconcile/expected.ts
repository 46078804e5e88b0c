import type { NodeId, Timestamp } from '../ids'
import type { Connection } from '../state/connections'
import type { State } from '../state/state'
import type { ReconcileInputs } from './process-manager'

/** A node that was silent for this long has timed out. */
export const NODE_TIMEOUT_MS = 30_000

/** How long after both nodes were first heard a link may stay undiscovered without counting as lost. */
export const EDGE_EXPECTED_MS = 5000

/** How long after it was first heard a node may take to report its models. */
const FILES_EXPECTED_MS = EDGE_EXPECTED_MS

/** When nodes were heard, and when the deadlines began. */
export type Liveness = Pick<ReconcileInputs, 'now' | 'wall' | 'heard' | 'firstHeard' | 'deadlinesBegan'>

/**
 * When a silent node times out: counted from when it was last heard, but no earlier than the start of the deadlines
 * (start, election or wake from sleep).
 */
export const silentUntil = (nodeId: NodeId, { heard, deadlinesBegan }: Liveness): Timestamp =>
  Math.max(heard[nodeId] ?? 0, deadlinesBegan) + NODE_TIMEOUT_MS

/**
 * Whether a member has not been heard since the deadlines began but still may be. Its instances are kept until then.
 */
export const isExpected = (state: State, nodeId: NodeId, { heard, deadlinesBegan, now }: Liveness): boolean =>
  nodeId in state.members && (heard[nodeId] ?? -1) < deadlinesBegan && now < deadlinesBegan + NODE_TIMEOUT_MS

/** When a node must have reported its models. */
export const inventoryDueAt = (
  nodeId: NodeId,
  { firstHeard = {}, deadlinesBegan }: Pick<Liveness, 'firstHeard' | 'deadlinesBegan'>,
): Timestamp => Math.max(deadlinesBegan, firstHeard[nodeId] ?? 0) + FILES_EXPECTED_MS

/** Until when a link between two nodes may stay undiscovered. */
const edgeExpectedUntil = (
  { from, to }: Pick<Connection, 'from' | 'to'>,
  { firstHeard = {}, deadlinesBegan }: Liveness,
): Timestamp => Math.max(deadlinesBegan, firstHeard[from] ?? 0, firstHeard[to] ?? 0) + EDGE_EXPECTED_MS

/**
 * Whether a link is missing but may not have been probed yet. Nothing reported it broken, so its instances are kept.
 */
export const isEdgeExpected = (state: State, connection: Connection, liveness: Liveness): boolean =>
  !(connection.key in (state.topology.lost ?? {})) && liveness.now < edgeExpectedUntil(connection, liveness)
