import type { FactLog } from '@core/consensus/index'
import type { NodeId } from '@core/ids'

/** What this node's log says of members whose words or versions are not as they should be; each line names the member. */
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
