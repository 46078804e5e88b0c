import type { Envelope } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { DoctorReport } from '@core/protocols/doctor'
import type { ClusterView } from '@core/protocols/cluster'
import { parsePeerAddress, type HostAndPort } from '@core/settings/peer-address'
import type { State } from '@core/state/state'
import { JoinError } from './joining/join-channel'
import type { Membership } from './membership'
import type { Peers } from './peers'

export interface ClusterViewParts {
  readonly nodeId: NodeId
  readonly master: {
    state(): State
    subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void
    memberIds(): readonly NodeId[]
    status(): { role: ClusterView['role'] }
  }
  readonly membership: Membership
  readonly peers: Peers
}

/** The cluster as the API shows it, and the operations on it. */
export interface ClusterDesk {
  view(): ClusterView
  invite(options: { validForMs?: number | undefined }): { token: string; expiresAt: number }
  /** Starts joining; progress is in the view. Throws an error with `code` and `hint` if the input cannot be used. */
  join(how: { token: string } | { nodeId: NodeId } | { address: string }): void
  cancelJoin(): void
  /** Returns false if the request no longer exists. */
  decide(requestId: string, allow: boolean): boolean
  /** Measures throughput between two members; resolves when it is known. Rejects if it cannot be measured. */
  measure(ways: { from: NodeId; to: NodeId }): Promise<void>
  /** The diagnosis of the connections between all machines. Takes some seconds if one does not answer. */
  doctor(): Promise<DoctorReport>
  /** Notifies whenever the view may have changed. */
  subscribe(listener: () => void): () => void
}

/** Events that may change the view. */
const CHANGING: ReadonlySet<Envelope['event']['type']> = new Set([
  'MemberAdmitted',
  'MemberUpdated',
  'MemberRemoved',
  'SettingChanged',
  'NodeTimedOut',
  'NodeLeaving',
])

const parseAddress = (text: string): HostAndPort => {
  const address = parsePeerAddress(text)
  if (address) return address
  throw new JoinError(
    'address_unreadable',
    `"${text}" is neither an invitation nor an address`,
    'Give an address such as 192.168.1.20:52417, or the complete token that `muster invite` printed.',
  )
}

export const clusterView = ({ nodeId, master, membership, peers }: ClusterViewParts): ClusterDesk => ({
  view: () => {
    const state = master.state()
    const joining = membership.joining.progress()
    const members = new Set(master.memberIds())
    return {
      nodeId,
      clusterId: membership.clusterId,
      name: state.settings.name,
      role: master.status().role,
      ...(state.masterNodeId !== undefined && { masterNodeId: state.masterNodeId }),
      members: [...members].map((member) => {
        const failure = peers.links.lastCall(member)?.reason
        const linked = member === nodeId || peers.links.get(member) !== undefined
        return {
          nodeId: member,
          friendlyName: state.members[member]?.friendlyName ?? member.slice(0, 8),
          linked,
          duplicated: peers.sameIdentity.has(member),
          ...(!linked && failure !== undefined && { failure }),
        }
      }),
      nearby: peers
        .nearby()
        .filter((sighting) => !members.has(sighting.nodeId))
        .map(({ nodeId: near, clusterId, version, friendlyName, addresses }) => ({
          nodeId: near,
          clusterId,
          version,
          ...(friendlyName !== undefined && { friendlyName }),
          addresses: [...addresses],
        })),
      asking: [...membership.admissions.asking()],
      ...(joining && { joining }),
    }
  },
  invite: (options) => membership.invite(options),
  measure: ({ from, to }) => peers.measure(from, to),
  join: (how) => {
    const started =
      'token' in how
        ? membership.join({ token: how.token })
        : membership.join({
            target:
              'nodeId' in how
                ? { nodeId: how.nodeId, addresses: peers.book.of(how.nodeId) }
                : { addresses: [parseAddress(how.address)] },
          })
    // Failures are reported in the progress.
    started.catch(() => undefined)
  },
  cancelJoin: () => membership.joining.cancel(),
  decide: (requestId, allow) => membership.admissions.decide(requestId, allow),
  doctor: () => peers.diagnose(),
  subscribe: (listener) => {
    const ends = [
      membership.subscribe(listener),
      peers.subscribe(listener),
      master.subscribe(({ event }) => {
        if (CHANGING.has(event.type)) listener()
      }, listener),
    ]
    return () => ends.forEach((end) => end())
  },
})
