import type { NodeId } from '@core/ids'
import type { OwnView, Seen } from '@core/protocols/doctor'
import type { Discovery, Sighting } from '../discovery'
import type { Identity } from '../identity'
import type { PeerAddress } from '../links/address-book'
import type { Links } from '../links/links'
import { checkAddress } from './check-address'

/** Addresses checked per machine. */
const MOST_ADDRESSES = 16
/** Machines checked; in a larger cluster the first of them. */
const MOST_MACHINES = 64

/** Announcements are answered within milliseconds; the mDNS library repeats its query after one second. */
const LISTEN_MS = 1500

export interface ExamineOptions {
  readonly identity: Identity
  readonly version: string
  readonly port: number
  /** Asks which nodes announce themselves; undefined if discovery is off. */
  readonly discovery: Pick<Discovery, 'answering'> | undefined
  readonly members: readonly NodeId[]
  readonly nearby: readonly Sighting[]
  readonly addressesOf: (nodeId: NodeId) => readonly PeerAddress[]
  readonly links: Pick<Links, 'get' | 'lastCall' | 'hasCalled'>
  readonly sameIdentity: Pick<ReadonlySet<NodeId>, 'has'>
}

const inspect = async (
  { identity, links, addressesOf, sameIdentity }: ExamineOptions,
  nodeId: NodeId,
): Promise<Omit<Seen, 'announced'>> => {
  const linked = links.get(nodeId) !== undefined
  const lastCall = linked ? undefined : links.lastCall(nodeId)
  const addresses = addressesOf(nodeId).slice(0, MOST_ADDRESSES)
  const checks = await Promise.all(addresses.map((address) => checkAddress({ identity, address, expected: nodeId })))
  return {
    nodeId,
    checks,
    linked,
    ...(lastCall && { lastCall }),
    calledHere: links.hasCalled(nodeId),
    duplicated: sameIdentity.has(nodeId),
  }
}

/** Checks afresh what this machine sees of the other members and of discovered nodes. Takes as long as one check. */
export const examine = async (options: ExamineOptions): Promise<OwnView> => {
  const { identity, version, port, discovery, members, nearby, sameIdentity } = options
  const others = [...new Set([...members, ...nearby.map(({ nodeId }) => nodeId)])]
    .filter((nodeId) => nodeId !== identity.nodeId)
    .slice(0, MOST_MACHINES)
  const [heard, views] = await Promise.all([
    discovery?.answering(new Set(others), { withinMs: LISTEN_MS }),
    Promise.all(others.map((nodeId) => inspect(options, nodeId))),
  ])
  return {
    at: Date.now(),
    version,
    port,
    discovery: discovery !== undefined,
    duplicated: sameIdentity.has(identity.nodeId),
    seen: views.map((one) => ({ ...one, announced: heard?.has(one.nodeId) ?? false })),
  }
}
