/**
 * What a worker does next, and how the ranks of an instance connect: the public interface of this folder.
 *
 * `plan(state, nodeId, running)` compares the state with the runner processes of this machine and returns actions. Pure
 * and level-triggered: the worker in `src-main/worker` carries the actions out and calls it again on every change, so a
 * lost action is repeated and a crash loses nothing. `ringHosts` and `rdmaJoin` return what a runner needs to connect
 * to the other ranks, once all of them have reported.
 *
 * 1. A runner is started only for a shard of this node without a runner in the state (`plan.test.ts`).
 * 2. After a restart the old runners are first reported as deleted, so that they do not count as failures
 *    (`plan.test.ts`).
 * 3. If state and processes agree, there are no actions (`plan.test.ts`).
 * 4. The time limit of the RDMA rounds starts only when every rank's runner runs (`rdma-join.test.ts`).
 */
export { plan, type Action } from './plan'
export { rdmaJoin } from './rdma-join'
export { ringHosts } from './ring-hosts'
