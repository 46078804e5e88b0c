/**
 * A node, built from its parts: the public interface of this folder and the composition root. `node.ts` constructs the
 * parts by hand and hands each what it needs; the rest of the folder is what stands between parts.
 *
 * In: options of the command line or the app. Out: a running node, or an error with `code`, `message` and `hint`.
 *
 * 1. What was opened is closed again, last first, also when the start fails (`opened.ts`).
 * 2. A stream that a member opens during the start waits for the part that answers it (`peer-streams.test.ts`).
 * 3. The facts that this machine reports are the system's and this node's own, again whenever one changes
 *    (`own-facts.test.ts`).
 */
export { startNode } from './node'
export type { BundledRunner, NodeOptions, RunningNode } from './options'
