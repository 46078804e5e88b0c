import type { NodeId } from '../ids'
import type { Instance } from './instances'

/** No RDMA device of any system is called like this. */
const PREFIX = 'rehearsal-'

/** What people read wherever such an instance shows. */
export const REHEARSAL = 'rehearsal of RDMA, computes over the ring'

/** The device that stands for RDMA towards that machine where there is none, in a rehearsal. */
export const rehearsalDevice = (towards: NodeId): string => `${PREFIX}${towards.slice(0, 6)}`

export const isRehearsalDevice = (name: string): boolean => name.startsWith(PREFIX)

/** Whether an instance only rehearses RDMA. One device that does is enough: nothing must pass for the real thing. */
export const isRehearsal = ({ jaccl }: Pick<Instance, 'jaccl'>): boolean =>
  jaccl?.devices.some((row) => row.some((name) => name !== null && isRehearsalDevice(name))) ?? false
