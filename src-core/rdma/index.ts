/**
 * Which Macs RDMA connects, and why others are not connected: the public interface of this folder.
 *
 * Input: what each Mac reports of its Thunderbolt ports, bridges and RDMA devices (`state.nodes`). Output: the RDMA
 * edges of the topology (`rdmaReports`) and the reasons for every pair without one (`whyNoRdma`). Pure.
 *
 * 1. A cable counts only if both ends report it; so does an edge (`cables.test.ts`, `edges.test.ts`).
 * 2. A machine reports its own edges only (`edges.test.ts`).
 * 3. A pair has an edge, or at least one reason (`why-no-rdma.test.ts`).
 * 4. Warnings and refused placements give the same reasons (`warnings/agreement.test.ts`).
 */
export { bridgeOf, deviceOf } from './cable-reasons'
export { cableGbps, cablesAmong, endsOf, isThroughDock, type Cable, type CableEnd } from './cables'
export { mirroredRdmaEdges, rdmaReports } from './edges'
export { isThunderbolt5, machineReason, OLDEST_MACOS, RDMA_GBPS } from './machine'
export { macosOf, pairsWithoutRdma, rdmaRisks, whyNoRdma } from './why-no-rdma'
