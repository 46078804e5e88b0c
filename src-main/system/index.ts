/**
 * Facts about this machine: the public interface of this folder.
 *
 * In: files, system calls and programs of macOS or Linux, read every few seconds; what takes long is read more rarely, in
 * the background. Out: facts in the form of the state, reported when they have changed significantly. On disk is only how
 * to put bridged ports back.
 *
 * 1. Small changes are not reported, and add up (`watch.test.ts`).
 * 2. A reading that fails or hangs costs only its own value (`command.test.ts`, `rarely-read.test.ts`).
 * 3. RDMA devices are opened only while no model computes, because that would disturb it (`machine.test.ts`).
 * 4. Only `macos/bridged-ports` changes anything, by commands that a person has seen, and records first how to undo them
 *    (`macos/bridged-ports/bridged-ports.test.ts`).
 */
export { thisBoot } from './boot'
export { execute, runCommand } from './command'
export { diskSpace } from './disk'
export type { MachineFacts } from './facts'
export { cudaRequirements, nvidiaGpu } from './linux/nvidia'
export { thisMachine, type Machine } from './machine'
export { machineName } from './machine-name'
export { asAdministrator } from './macos/bridged-ports/administrator'
export { BridgedPorts } from './macos/bridged-ports/bridged-ports'
export { readSleepSettings } from './sleep'
export { watchSystem, type SystemWatch } from './watch'
