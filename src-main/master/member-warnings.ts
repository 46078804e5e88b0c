import type { FactLog } from '@core/consensus/index'
import type { NodeId } from '@core/ids'

/** Logs warnings about members that send implausible values, or whose version is too old. */
export const memberWarnings = (log: Pick<FactLog, 'warn'>) => ({
  onImplausible: (peer: string): void =>
    log.warn(
      { fact: 'implausible_stamp', peer },
      'a machine stamped changes more than a year ahead: they count as made now; correct its clock',
    ),
  onDistrust: (peer: NodeId, reason: string): void =>
    log.warn({ fact: 'implausible_term', peer, reason }, 'what a member says of terms cannot be so'),
  onTooOld: (peer: NodeId): void =>
    log.warn(
      { peer },
      'that machine lacks decisions which only a snapshot has, and runs a Muster that takes none: update it',
    ),
})
