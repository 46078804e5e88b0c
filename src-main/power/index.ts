/**
 * Keeps this machine awake while needed: the public interface of this folder. README.md has its contract.
 */
export { isOnBattery } from './battery'
export { SleepGuard } from './sleep-guard'
export { bySystemProgram, type PreventSleep } from './system-request'
