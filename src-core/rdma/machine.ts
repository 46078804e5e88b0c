import { nodeName } from '../state/bindings'
import type { NodeId } from '../ids'
import type { Node } from '../state/nodes'
import type { RdmaReason } from '../state/rdma'
import type { State } from '../state/state'
import type { ThunderboltPort } from '../state/thunderbolt'
import { coded, type CodedText } from '../texts/coded'
import { rdmaReason } from './reason'

/** RDMA over Thunderbolt came with this macOS. */
export const OLDEST_MACOS = '26.2'

/** Gb/s of Thunderbolt 5. Thunderbolt 4 gives 40, and no RDMA. */
export const RDMA_GBPS = 80

const numbersOf = (version: string): readonly number[] => version.split('.').map(Number)

/** Whether a version is an older one than RDMA needs; one that cannot be read is not. */
export const isTooOld = (version: string): boolean => {
  const [major = Number.NaN, minor = 0] = numbersOf(version)
  const [oldestMajor = 0, oldestMinor = 0] = numbersOf(OLDEST_MACOS)
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}

/** Whether a port can do 80 Gb/s, whatever the cable in it gives. */
export const isThunderbolt5 = ({ maxGbps = 0, linkGbps = 0 }: ThunderboltPort): boolean =>
  Math.max(maxGbps, linkGbps) >= RDMA_GBPS

/** Whether every port says that it can do no more than Thunderbolt 4; one with a slow cable in it says nothing of that. */
const hasOnlyThunderbolt4 = ({ thunderbolt }: Node): boolean => {
  const ports = thunderbolt?.ports ?? []
  return !ports.some(isThunderbolt5) && ports.some(({ maxGbps }) => maxGbps !== undefined)
}

/** Why a machine can have no RDMA with anybody; undefined where it is only a matter of cables. */
export const machineReason = (state: State, nodeId: NodeId): RdmaReason | undefined => {
  const name = nodeName(state, nodeId)
  const node = state.nodes[nodeId]
  const because = (code: RdmaReason['code'], sentence: CodedText): RdmaReason => rdmaReason(code, sentence, { nodeId })
  if (!node) return because('offline', coded('rdma.offline', { name }))
  const { os, rdma, thunderbolt } = node
  if (os.platform !== 'darwin') return because('not_a_mac', coded('rdma.notAMac', { name }))
  // No newer macOS helps such a machine.
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
