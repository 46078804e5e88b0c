import type { State } from '../state/state'
import { bridgeFamily } from './bridges'
import { bridgeLoopFamily } from './bridge-loops'
import { cannotRunFamily } from './cannot-run'
import { jacclErrorFamily } from './jaccl-errors'
import { macosVersionFamily } from './macos-versions'
import { missingPairFamily } from './missing-pairs'
import { noAddressFamily } from './no-address'
import { protectionDomainFamily } from './protection-domains'
import { rdmaOffFamily } from './rdma-off'
import { slowCableFamily } from './slow-cables'
import { studioPortFamily } from './studio-port'
import { thunderbolt5Family } from './thunderbolt-5'
import { unhealthyDeviceFamily } from './unhealthy-devices'
import { aboutOf, Severity, type CodedWarning, type Family } from './warning'

/** Order among equal severities: failures, then configuration, then cabling. */
const FAMILIES: readonly Family[] = [
  jacclErrorFamily,
  protectionDomainFamily,
  bridgeLoopFamily,
  cannotRunFamily,
  unhealthyDeviceFamily,
  missingPairFamily,
  thunderbolt5Family,
  rdmaOffFamily,
  macosVersionFamily,
  bridgeFamily,
  noAddressFamily,
  studioPortFamily,
  slowCableFamily,
]

/** Returns all warnings of a state, most severe first. A pure function. */
export const warningsOf = (state: State): CodedWarning[] => {
  const found = new Map<string, CodedWarning>()
  for (const one of FAMILIES.flatMap((family) => family(state))) {
    // A port can reach two machines through a dock; report its problem once.
    if (!found.has(one.id)) found.set(one.id, { ...one, about: aboutOf(one.subject) })
  }
  return Severity.options.flatMap((severity) => [...found.values()].filter((warning) => warning.severity === severity))
}
