/**
 * Keeps declarations true: the public interface of this folder.
 *
 * `runPass(state, inputs)` returns the events that bring the cluster closer to what is declared. Only the leader calls
 * it: when a relevant event arrived (`mayDecide`), when a deadline is due (`nextDeadline`), and at least once a second.
 *
 * 1. A pass is synchronous and keeps nothing between calls: state, time, ids and model cards are inputs. A crash
 *    between two passes loses nothing.
 * 2. Process managers run in a fixed order, and each sees the events of those before it; so nothing is placed twice.
 * 3. A manager that throws loses its own events only.
 * 4. A pass over an unchanged state and time decides nothing further.
 *
 * Held by `pass.test.ts`, the tests of each manager, and `src-core/simulation/chaos/invariants.ts` on random schedules.
 */
export { CARD_TIME_LIMIT_MS, CARD_TIMED_OUT, CardShelf, type CardLoad } from './card-shelf'
export { nextDeadline } from './deadlines'
export { departures, type Departure } from './departure'
export { HeardNodes } from './heard-nodes'
export { instanceOf } from './instances'
export { mayDecide } from './may-decide'
export { runPass, type Pass } from './pass'
export { givingWay, placeDeclared, requestOf } from './placing'
export type { CardResult, IdSource, Need, ReconcileInputs } from './process-manager'
