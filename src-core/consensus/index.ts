/** Which node leads, and how far each log goes: the public interface of this folder. README.md has its contract. */
export { Fact, type FactLog } from './fact'
export { KnownRemovals } from './known-removals'
export { KnownTerm } from './known-term'
export {
  Boot,
  cutAfter,
  emptyLog,
  EPOCHS_SENT,
  extended,
  goesOnFrom,
  LogEnd,
  withEpochsSince,
  withLatestEpochs,
} from './log-end'
export { Message } from './message'
export { Relays } from './relays'
export {
  HEARTBEAT_MS,
  heardBy,
  masterOf,
  restartReplica,
  SILENCE_MS,
  startReplica,
  type Effect,
  type Input,
  type Replica,
} from './replica'
export { durabilityOf, DurableOn } from './safe-sequence'
export { step } from './step'
export { isTermKept } from './term-keeping'
