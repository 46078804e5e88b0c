/**
 * Which Macs RDMA joins, and why others are not: the public interface of this folder. All of it is computed from what
 * both ends report of their ports.
 */
export { bridgeOf, deviceOf } from './cable-reasons'
export { cableGbps, cablesAmong, endsOf, isThroughDock, type Cable, type CableEnd } from './cables'
export { mirroredRdmaEdges, rdmaReports } from './edges'
export { isThunderbolt5, machineReason, OLDEST_MACOS, RDMA_GBPS } from './machine'
export { macosOf, pairsWithoutRdma, rdmaRisks, whyNoRdma } from './why-no-rdma'
