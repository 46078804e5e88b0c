/** What a worker does next, and how the ranks of an instance find one another: the public interface of this folder. */
export { plan, type Action } from './plan'
export { rdmaJoin } from './rdma-join'
export { ringHosts } from './ring-hosts'
