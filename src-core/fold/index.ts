/**
 * Computes the state from events: the public interface of this folder.
 *
 * 1. The result depends on the events only, so every node that folded the same events has the same state.
 * 2. A state that was handed out never changes.
 *
 * Held by `fold.test.ts`.
 */
export { fold, Folding } from './fold'
export { placingDelayMs, withChanges } from './meta-instances'
export { MAX_ENDED_TASKS } from './tasks'
