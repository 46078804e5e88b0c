import type { ModelId, NodeId } from '@core/ids'
import type { CardResult } from '@core/reconcile/index'
import type { WrongClock } from '@core/state/wrong-clocks'
import type { JournalLog } from './decision-journal'
import type { MasterError } from './errors'
import type { Host } from './host'
import type { Network } from './network'
import type { Leadership } from './leadership'

/** This node's role, as shown by the API. */
export type MasterStatus =
  | { readonly role: 'master' }
  | { readonly role: 'follower'; readonly master: NodeId }
  /** No leader is known. */
  | { readonly role: 'seeking' }
  /** The disk refuses writes, or `term.json` is lost. */
  | { readonly role: 'stepped-down'; readonly code: string; readonly reason: string; readonly hint: string }

/** `refusal`: the error that keeps this node from taking part, if there is one. */
export const statusOf = (leads: Leadership, refusal: MasterError | undefined): MasterStatus => {
  if (refusal) return { role: 'stepped-down', code: refusal.code, reason: refusal.message, hint: refusal.hint }
  switch (leads.kind) {
    case 'self':
      return { role: 'master' }
    case 'other':
      return { role: 'follower', master: leads.master }
    case 'nobody':
      return { role: 'seeking' }
  }
}

export interface MasterOptions {
  readonly dataDir: string
  readonly nodeId: NodeId
  readonly loadCard: (modelId: ModelId) => Promise<CardResult>
  readonly log: JournalLog
  /** Clock, ids, disk and lock. Default: the real machine's. The simulator passes its own. */
  readonly host?: Host
  /** Size in bytes at which the log starts a new segment. */
  readonly segmentBytes?: number
  /** Default: no other members. */
  readonly network?: Network
  /** Members named in this node's admission, used until the log names this node. */
  readonly admittedBy?: readonly NodeId[]
  /** This node was removed from its cluster. */
  readonly onRemoved?: () => void
  /** The leader known to this node has changed. */
  readonly onLeadership?: (leadership: Leadership) => void
  /** Called when other members' clocks, or by how much, are wrong; only on the leader, and with none when it resigns. */
  readonly onWrongClocks?: (wrong: readonly WrongClock[]) => void
  /** Called after each reconcile pass; only on the leader. */
  readonly onPassed?: () => void
  /** Number of records between two snapshots. */
  readonly snapshotEvery?: number
}
