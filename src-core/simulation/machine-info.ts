import { PEER_PROTOCOL } from '../protocols/peer'
import type { NodeInfo } from '../state/nodes'
import type { StepOf } from './scenario'

const GIGABYTE = 1e9

/** What a simulated machine reports about itself. */
export const infoOf = ({ ramTotal, ramAvailable, memoryBandwidth }: StepOf<'addNode'>): NodeInfo => {
  const total = ramTotal ?? Math.max(64 * GIGABYTE, ramAvailable ?? 0)
  return {
    version: '0.1.0',
    protocol: PEER_PROTOCOL,
    chip: 'simulated',
    memory: { ramTotal: total, ramAvailable: ramAvailable ?? total, heldByRunners: 0 },
    ...(memoryBandwidth !== undefined && { memoryBandwidth }),
    os: { platform: 'simulated', release: '1', name: 'Simulated' },
    worker: true,
  }
}

/** The same report with other free memory. */
export const withFreeMemory = (info: NodeInfo, ramAvailable: number): NodeInfo => {
  const ramTotal = Math.max(info.memory.ramTotal, ramAvailable)
  return { ...info, memory: { ...info.memory, ramTotal, ramAvailable } }
}
