/**
 * Runner processes of this machine: the public interface of this folder.
 *
 * In: the state, from which `src-core/plan` derives the actions, and what the runners write into their pipes. Out:
 * processes, and observations of their statuses, which are repeated while the state differs from them. Runners work in
 * parallel. After a crash of this node its runners end by themselves, because their pipes close. The number of runners
 * killed with RDMA (`killed-runners.ts`) and the measurements survive it. A planned restart keeps the runners too
 * (`handover/`).
 *
 * 1. A runner that hangs is killed; a pause of this process does not count as a hang (`watchdog.test.ts`).
 * 2. A runner's end has one cause, as text and as a code (`causes.test.ts`).
 * 3. Requests are suspect if a runner of any rank died of its own computation while serving them
 *    (`orphaned-requests.test.ts`).
 * 4. Frames are reassembled however the pipe splits their bytes; frames that are too large or not JSON are refused
 *    (`frames.test.ts`).
 */
export { checkModel } from './check-model'
export { startConsoleProcess } from './process/console-process'
export { KilledRunners } from './endings/killed-runners'
export { Measurements } from './measurements/measurements'
export { measureMemoryBandwidth } from './measurements/memory-bandwidth'
export { runnerEnvironment } from './process/python'
export { Worker } from './worker'
