import { nodeName } from '../state/bindings'
import type { NodeId } from '../ids'
import type { Node } from '../state/nodes'
import type { RdmaReason } from '../state/rdma'
import type { State } from '../state/state'
import type { ThunderboltPort } from '../state/thunderbolt'
import { coded, type CodedText } from '../texts/coded'
import { rdmaReason } from './reason'

/** First macOS with RDMA over Thunderbolt. */
export const OLDEST_MACOS = '26.2'

/** Gb/s of Thunderbolt 5. Thunderbolt 4 has 40 and no RDMA. */
export const RDMA_GBPS = 80

const numbersOf = (version: string): readonly number[] => version.split('.').map(Number)

/** Whether a version is too old for RDMA; false for one that cannot be parsed. */
export const isTooOld = (version: string): boolean => {
  const [major = Number.NaN, minor = 0] = numbersOf(version)
  const [oldestMajor = 0, oldestMinor = 0] = numbersOf(OLDEST_MACOS)
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}

/** Whether a port supports 80 Gb/s, whatever its current cable carries. */
export const isThunderbolt5 = ({ maxGbps = 0, linkGbps = 0 }: ThunderboltPort): boolean =>
  Math.max(maxGbps, linkGbps) >= RDMA_GBPS

/**
 * Whether no port supports more than Thunderbolt 4. A port that reports only the speed of a slow cable proves nothing.
 */
const hasOnlyThunderbolt4 = ({ thunderbolt }: Node): boolean => {
  const ports = thunderbolt?.ports ?? []
  return !ports.some(isThunderbolt5) && ports.some(({ maxGbps }) => maxGbps !== undefined)
}

/** Returns why a machine cannot have RDMA at all; undefined if only cables may be missing. */
export const machineReason = (state: State, nodeId: NodeId): RdmaReason | undefined => {
  const name = nodeName(state, nodeId)
  const node = state.nodes[nodeId]
  const because = (code: RdmaReason['code'], sentence: CodedText): RdmaReason => rdmaReason(code, sentence, { nodeId })
  if (!node) return because('offline', coded('rdma.offline', { name }))
  const { os, rdma, thunderbolt } = node
  if (os.platform !== 'darwin') return because('not_a_mac', coded('rdma.notAMac', { name }))
  // Checked before the macOS version: no update helps such a machine.
  if (hasOnlyThunderbolt4(node)) return because('thunderbolt_4', coded('rdma.thunderbolt4', { name }))
  if (os.version !== undefined && isTooOld(os.version))
    return because('macos_too_old', coded('rdma.macosTooOld', { name, version: os.version, oldest: OLDEST_MACOS }))
  if (!rdma || !thunderbolt) return because('not_read', coded('rdma.notRead', { name }))
  switch (rdma.status) {
    case 'enabled':
      return undefined
    case 'disabled':
      return because('not_enabled', coded('rdma.notEnabled', { name }))
    case 'unavailable':
      return because('unavailable', coded('rdma.unavailable', { name }))
    case 'unknown':
      return because('status_unknown', coded('rdma.statusUnknown', { name }))
  }
}
