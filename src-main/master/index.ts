/** This node's part in deciding: what others may know of it. */
export { lockDataDir } from './data-lock'
export type { JournalLog } from './decision-journal'
export { MasterError } from './errors'
export type { Host } from './host'
export { beginLog, logDirectory, openLogFolder, readLogFolder, type LogFolder, type OpenedLog } from './log-folder'
export { recordsAfter } from './log-reader'
export { Master, type MasterStatus } from './master'
export type { Leadership } from './leadership'
