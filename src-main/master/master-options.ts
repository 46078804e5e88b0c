import type { ModelId, NodeId } from '@core/ids'
import type { CardResult } from '@core/reconcile/index'
import type { JournalLog } from './decision-journal'
import type { MasterError } from './errors'
import type { Host } from './host'
import type { Network } from './network'
import type { Leadership } from './leadership'

/** What this node has to do with deciding, as others may know it. */
export type MasterStatus =
  | { readonly role: 'master' }
  | { readonly role: 'follower'; readonly master: NodeId }
  /** Nobody is known to lead. */
  | { readonly role: 'seeking' }
  | { readonly role: 'stepped-down'; readonly code: string; readonly reason: string; readonly hint: string }

/** `refusal` is why the disk of this node takes nothing. */
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
  /** The machine that it runs on: without it, as it is. */
  readonly host?: Host
  /** When the log begins a new segment. */
  readonly segmentBytes?: number
  /** Without it this node is alone. */
  readonly network?: Network
  /** Members that an admission named before the log could. */
  readonly admittedBy?: readonly NodeId[]
  /** This node was told that it is no member any more. */
  readonly onRemoved?: () => void
  /** Who leads, as far as this node knows, has changed. */
  readonly onLeadership?: (leadership: Leadership) => void
  /** This node leads, and has just looked at the whole state. */
  readonly onPassed?: () => void
  /** Records between two snapshots. */
  readonly snapshotEvery?: number
}
