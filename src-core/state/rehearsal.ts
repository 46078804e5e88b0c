import type { NodeId } from '../ids'
import type { Instance } from './instances'

/** Prefix that no system uses for RDMA devices. */
const PREFIX = 'rehearsal-'

/** Shown to people wherever such an instance appears. */
export const REHEARSAL = 'rehearsal of RDMA, computes over the ring'

/** Returns the name of the pretended RDMA device towards a machine, used in a rehearsal. */
export const rehearsalDevice = (towards: NodeId): string => `${PREFIX}${towards.slice(0, 6)}`

export const isRehearsalDevice = (name: string): boolean => name.startsWith(PREFIX)

/** Whether an instance only rehearses RDMA. A single rehearsal device suffices, so that none passes for real RDMA. */
export const isRehearsal = ({ jaccl }: Pick<Instance, 'jaccl'>): boolean =>
  jaccl?.devices.some((row) => row.some((name) => name !== null && isRehearsalDevice(name))) ?? false
