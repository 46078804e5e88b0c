import type { NodeId, Timestamp } from '../ids'
import type { Connection } from '../state/connections'
import type { State } from '../state/state'
import type { ReconcileInputs } from './process-manager'

/** A node that said nothing for this long is gone. */
export const NODE_TIMEOUT_MS = 30_000

/** How long after both its nodes were heard a link may still be found again. */
export const EDGE_EXPECTED_MS = 5000

/** How long after it was first heard a node may take to tell which models it has. */
export const FILES_EXPECTED_MS = EDGE_EXPECTED_MS

/** What is known of who was heard, and since when that counts. */
export type Liveness = Pick<ReconcileInputs, 'now' | 'wall' | 'heard' | 'firstHeard' | 'deadlinesBegan'>

/** Until when a node's silence means nothing: deadlines run from its last word, and begin anew with a start or a wake. */
export const silentUntil = (nodeId: NodeId, { heard, deadlinesBegan }: Liveness): Timestamp =>
  Math.max(heard[nodeId] ?? 0, deadlinesBegan) + NODE_TIMEOUT_MS

/** Members that have not been heard since the deadlines began but still may be: what stands on them is left alone. */
export const isExpected = (state: State, nodeId: NodeId, { heard, deadlinesBegan, now }: Liveness): boolean =>
  nodeId in state.members && (heard[nodeId] ?? -1) < deadlinesBegan && now < deadlinesBegan + NODE_TIMEOUT_MS

/** By when a node has told which models it has. */
export const filesToldBy = (
  nodeId: NodeId,
  { firstHeard = {}, deadlinesBegan }: Pick<Liveness, 'firstHeard' | 'deadlinesBegan'>,
): Timestamp => Math.max(deadlinesBegan, firstHeard[nodeId] ?? 0) + FILES_EXPECTED_MS

/** Until when a link between these two may still be found. */
export const edgeExpectedUntil = (
  { from, to }: Pick<Connection, 'from' | 'to'>,
  { firstHeard = {}, deadlinesBegan }: Liveness,
): Timestamp => Math.max(deadlinesBegan, firstHeard[from] ?? 0, firstHeard[to] ?? 0) + EDGE_EXPECTED_MS

/** Links that nobody has seen break may not have been probed yet: what stands on them is left alone. */
export const isEdgeExpected = (state: State, connection: Connection, liveness: Liveness): boolean =>
  !(connection.key in (state.topology.lost ?? {})) && liveness.now < edgeExpectedUntil(connection, liveness)
