/**
 * Runner processes of this machine: the public interface of this folder.
 *
 * In: the state, from which `src-core/plan` derives the actions, and what the runners write into their pipes. Out:
 * processes, and observations of their statuses, which are repeated while the state differs from them. Runners work in
 * parallel. After a crash of this node its runners end by themselves, for their pipes close; what survives is the number
 * of runners killed with RDMA (`killed-runners.ts`), the measurements and, in a planned restart, the runners themselves
 * (`handover/`).
 *
 * 1. A runner that hangs is found and ended, and a pause of this process is not taken for one (`watchdog.test.ts`).
 * 2. A runner's end has one cause, in words and as a code (`causes.test.ts`).
 * 3. Requests are suspects if their runner, of whichever rank, died of computing (`orphaned-requests.test.ts`).
 * 4. Frames come out whole however their bytes are cut; too long ones and those without JSON are refused
 *    (`frames.test.ts`).
 */
export { checkModel } from './check-model'
export { startConsoleProcess } from './console-process'
export { KilledRunners } from './killed-runners'
export { Measurements } from './measurements/measurements'
export { measureMemoryBandwidth } from './measurements/memory-bandwidth'
export { runnerEnvironment } from './python'
export { Worker } from './worker'
