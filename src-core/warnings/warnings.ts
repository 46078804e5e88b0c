import type { State } from '../state/state'
import { bridgeDetector } from './bridges'
import { bridgeLoopDetector } from './bridge-loops'
import { cannotRunDetector } from './cannot-run'
import { declarationFileDetector } from './declaration-files'
import { jacclErrorDetector } from './jaccl-errors'
import { macosVersionDetector } from './macos-versions'
import { missingPairDetector } from './missing-pairs'
import { noAddressDetector } from './no-address'
import { olderVersionDetector } from './older-versions'
import { protectionDomainDetector } from './protection-domains'
import { rdmaOffDetector } from './rdma-off'
import { slowCableDetector } from './slow-cables'
import { studioPortDetector } from './studio-port'
import { thunderbolt5Detector } from './thunderbolt-5'
import { unhealthyDeviceDetector } from './unhealthy-devices'
import { wrongClockDetector } from './wrong-clocks'
import { aboutOf, Severity, type CodedWarning, type Detector } from './warning'

/*
 * Warnings are derived from the state alone: each detector returns the problems of one kind, with the steps that cure
 * them. `warnings.test.ts` checks over generated clusters that ids are unique, that the order is by severity, and that
 * every command has a known safe form; `agreement.test.ts` that warnings and refused placements name the same causes.
 */

/** Order among equal severities: failures, then configuration, then cabling. */
const DETECTORS: readonly Detector[] = [
  jacclErrorDetector,
  protectionDomainDetector,
  bridgeLoopDetector,
  cannotRunDetector,
  declarationFileDetector,
  wrongClockDetector,
  unhealthyDeviceDetector,
  missingPairDetector,
  thunderbolt5Detector,
  rdmaOffDetector,
  macosVersionDetector,
  bridgeDetector,
  noAddressDetector,
  studioPortDetector,
  slowCableDetector,
  olderVersionDetector,
]

/** Returns all warnings of a state, most severe first. A pure function. */
export const warningsOf = (state: State): CodedWarning[] => {
  const found = new Map<string, CodedWarning>()
  for (const one of DETECTORS.flatMap((detect) => detect(state))) {
    // A port can reach two machines through a dock; report its problem once.
    if (!found.has(one.id)) found.set(one.id, { ...one, about: aboutOf(one.subject) })
  }
  return Severity.options.flatMap((severity) => [...found.values()].filter((warning) => warning.severity === severity))
}
