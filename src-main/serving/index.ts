/**
 * Routes requests to instances: the public interface of this folder.
 *
 * In: requests of clients of this node, and those that other members send to rank 0 here; the state. Out: streams of
 * answers; task observations; a declaration for a model that is loaded on request. Requests run in parallel. Nothing
 * survives a crash: the next run reports the end of its tasks.
 *
 * 1. A request is a task of the node that took it, from beginning to end (`serving.test.ts`).
 * 2. It is retried once, only before its first token, and only by that node (`serving.test.ts`).
 * 3. An instance runs as many requests as its runner decodes together; keys take turns for the rest, and a full queue
 *    refuses with a `Retry-After` (`instance-queues.test.ts`).
 * 4. A planned restart interrupts no answer: later requests are held, then refused before their headers are sent
 *    (`restart-gate.test.ts`).
 * 5. Concurrent requests declare a model on request once, and use what another node has declared (`on-request.test.ts`).
 * 6. No request holds a slot of an instance while it waits for its turn as a suspect (`instance-queues.test.ts`).
 */
export { InstanceQueues } from './instance-queues'
export { LoadOnRequest } from './on-request'
export { rankZero } from './rank-zero'
export { HELD_MS } from './restart-gate'
export { Serving } from './serving'
