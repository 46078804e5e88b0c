import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { GB, smallCard, World } from '../testing/world'
import { allRings } from './exact-rings'
import { isRing, socketGraph, type Graph } from './graph'
import { place, type Placement } from './place'
import type { PlacementRequest } from './placement-request'
import { shardingProblem } from './refusal'

const request: PlacementRequest = {
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  placementPreference: 'largest',
}

/** Machines `0`, `1` … with links in both directions. */
const worldOf = (free: readonly number[], links: readonly (readonly [number, number])[]): World => {
  const world = new World()
  const nodes = free.map((bytes, at) => world.addNode(String(at), { free: bytes, total: 512 * GB }))
  const edge = (a: number, b: number) => ({
    from: nodes[a] ?? NodeId.parse('?'),
    to: nodes[b] ?? NodeId.parse('?'),
    ip: `10.0.${a}.${b}`,
    port: 0,
    interfaceType: 'ethernet' as const,
  })
  for (const [a, b] of links) {
    world.apply({ type: 'TopologyEdgeCreated', edge: edge(a, b) }, { type: 'TopologyEdgeCreated', edge: edge(b, a) })
  }
  return world
}

const pairs = (size: number): [number, number][] =>
  Array.from({ length: size }, (_none, a) => a).flatMap((a) =>
    Array.from({ length: size - a - 1 }, (_none, at): [number, number] => [a, a + 1 + at]),
  )
const graphOf = (world: World): Graph =>
  socketGraph(
    Object.values(world.state.nodes).map(({ nodeId }) => nodeId),
    Object.values(world.state.topology.edges),
  )

const placed = (world: World, changes: Partial<PlacementRequest> = {}, card = smallCard): Placement | undefined => {
  const result = place(world.state, card, { ...request, ...changes })
  return result.status === 'placed' ? result.placement : undefined
}
const nodesOf = (placement: Placement | undefined): string[] => placement?.shards.map(({ nodeId }) => nodeId) ?? []

/** Enumerates every order of every set. */
const bruteForce = (graph: Graph): Set<string> => {
  const found = new Set<string>()
  const extend = (order: readonly number[]): void => {
    if (order.length > 0 && isRing(graph, order)) found.add([...order].sort((a, b) => a - b).join())
    for (let node = 0; node < graph.nodeIds.length; node += 1) if (!order.includes(node)) extend([...order, node])
  }
  extend([])
  return found
}

const smallWorld = fc
  .integer({ min: 1, max: 6 })
  .chain((size) =>
    fc.tuple(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: size, maxLength: size }), fc.subarray(pairs(size))),
  )
  .map(([free, links]) =>
    worldOf(
      free.map((bytes) => bytes * GB),
      links,
    ),
  )

describe('groups of up to ten machines', () => {
  it('are all rings that brute force finds, and no others', () => {
    fc.assert(
      fc.property(smallWorld, (world) => {
        const graph = graphOf(world)
        const rings = allRings(graph)
        expect(rings.every((ring) => isRing(graph, ring))).toBe(true)
        expect(new Set(rings.map((ring) => [...ring].sort((a, b) => a - b).join()))).toEqual(bruteForce(graph))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a placement over several machines', () => {
  const anyRequest = fc.record({
    sharding: fc.constantFrom('Pipeline' as const, 'Tensor' as const),
    minNodes: fc.integer({ min: 1, max: 4 }),
    placementPreference: fc.constantFrom(
      'auto' as const,
      'largest' as const,
      'smallest' as const,
      'interactivity' as const,
      'throughput' as const,
    ),
  })

  it('assigns every layer once, to no machine more than fits, and uses only live connections', () => {
    fc.assert(
      fc.property(smallWorld, anyRequest, fc.integer({ min: 1, max: 90 }), (world, wanted, gigabytes) => {
        const placement = placed(world, wanted, { ...smallCard, storageBytes: gigabytes * GB })
        if (!placement) return
        const { shards, claims, ring } = placement
        expect(shards.length).toBeGreaterThanOrEqual(wanted.minNodes)
        expect(shards.map(({ rank }) => rank)).toEqual(shards.map((_shard, at) => at))
        if (wanted.sharding === 'Pipeline') {
          // Rank 0 holds the last layers, and so on down to the first.
          const bounds = shards.flatMap(({ startLayer, endLayer }) => [endLayer, startLayer])
          expect(bounds[0]).toBe(32)
          expect(bounds.at(-1)).toBe(0)
          for (const [at, shard] of shards.entries()) {
            expect(shard.endLayer).toBeGreaterThan(shard.startLayer)
            if (at > 0) expect(shard.endLayer).toBe(shards[at - 1]?.startLayer)
          }
        }
        for (const [nodeId, bytes] of Object.entries(claims))
          expect(bytes).toBeLessThanOrEqual(world.state.nodes[nodeId]?.memory.ramAvailable ?? 0)
        const edges = Object.values(world.state.topology.edges)
        for (const [at, { nodeId }] of shards.entries()) {
          const next = shards[(at + 1) % shards.length]
          if (next === undefined || next.nodeId === nodeId) continue
          const ip = ring?.hostsByNode[nodeId]?.[next.rank]
          expect(
            edges.some((edge) => edge.from === nodeId && edge.to === next.nodeId && 'ip' in edge && edge.ip === ip),
          ).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('is found wherever a ring of that size has the memory', () => {
    fc.assert(
      fc.property(
        smallWorld,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 90 }),
        (world, minNodes, gigabytes) => {
          const layer = (gigabytes * GB) / 32
          const room = Object.values(world.state.nodes).map(({ memory }) => Math.floor(memory.ramAvailable / layer))
          const holds = (ring: readonly number[]): boolean =>
            ring.every((node) => (room[node] ?? 0) >= 1) && ring.reduce((sum, node) => sum + (room[node] ?? 0), 0) >= 32
          const possible = allRings(graphOf(world)).some((ring) => ring.length >= minNodes && holds(ring))
          const card = { ...smallCard, storageBytes: gigabytes * GB }
          expect(placed(world, { minNodes }, card) !== undefined).toBe(possible)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('is the same every time', () => {
    fc.assert(
      fc.property(smallWorld, anyRequest, (world, wanted) => {
        expect(placed(world, wanted)).toEqual(placed(world, wanted))
      }),
    )
  })

  it('takes the most machines with largest, and the fewest with smallest', () => {
    const world = worldOf(
      [10, 20, 30].map((bytes) => bytes * GB),
      pairs(3),
    )
    expect(nodesOf(placed(world))).toHaveLength(3)
    expect(nodesOf(placed(world, { placementPreference: 'smallest' }))).toEqual(['2'])
    expect(nodesOf(placed(world, { placementPreference: 'smallest', minNodes: 2 })).sort()).toEqual(['1', '2'])
  })

  it('prefers a pair with a machine at the end of a cable among those of one size', () => {
    // 0 and 1 have more memory together, but 3 is linked with 2 only.
    const world = worldOf(
      [40, 40, 20, 20].map((bytes) => bytes * GB),
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    )
    expect(nodesOf(placed(world)).sort()).toEqual(['0', '1'])
    const longer = worldOf(
      [40, 40, 40, 20, 20].map((bytes) => bytes * GB),
      [
        [0, 1],
        [1, 2],
        [2, 0],
        [3, 4],
      ],
    )
    expect(nodesOf(placed(longer, { minNodes: 2 }))).toHaveLength(3)
  })

  it('needs links in both directions', () => {
    const world = worldOf([8 * GB, 8 * GB], [])
    world.apply({
      type: 'TopologyEdgeCreated',
      edge: { from: NodeId.parse('0'), to: NodeId.parse('1'), ip: '10.0.0.1', port: 0, interfaceType: 'ethernet' },
    })
    expect(placed(world, { minNodes: 2 })).toBeUndefined()
  })

  it('keeps the order of nodeIds if that is a ring, and finds another order if not', () => {
    const square = worldOf(
      [9, 9, 9, 9].map((bytes) => bytes * GB),
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
      ],
    )
    const ids = (...names: string[]) => names.map((name) => NodeId.parse(name))
    expect(nodesOf(placed(square, { nodeIds: ids('2', '1', '0', '3') }))).toEqual(['2', '1', '0', '3'])
    const found = nodesOf(placed(square, { nodeIds: ids('0', '2', '1', '3') }))
    expect([...found].sort()).toEqual(['0', '1', '2', '3'])
    expect(placed(square, { nodeIds: ids('0', '2'), minNodes: 2 })).toBeUndefined()
  })

  it('shares a Tensor model only by numbers that divide its heads', () => {
    const world = worldOf(
      [9, 9, 9].map((bytes) => bytes * GB),
      pairs(3),
    )
    expect(nodesOf(placed(world, { sharding: 'Tensor' }))).toHaveLength(2)
    expect(placed(world, { sharding: 'Tensor', minNodes: 3 })).toBeUndefined()
  })

  it.each([
    [8, 3, 'm/small has 8 key-value heads, which 3 machines cannot share equally'],
    [1, 2, 'm/small has 1 key-value head, which 2 machines cannot share equally'],
  ])('says of %i heads that %i machines cannot share them', (kvHeads, size, reason) => {
    const card = { ...smallCard, kvHeads, supportsTensor: true }
    expect(shardingProblem(card, { sharding: 'Tensor' }, size)?.reason).toBe(reason)
  })

  it('uses RDMA only if every pair has it, and names the interface for each pair', () => {
    const world = worldOf(
      [9, 9, 9].map((bytes) => bytes * GB),
      pairs(3),
    )
    const rdma = (from: string, to: string) => ({
      type: 'TopologyEdgeCreated' as const,
      edge: {
        from: NodeId.parse(from),
        to: NodeId.parse(to),
        fromInterface: `rdma_${from}${to}`,
        toInterface: `rdma_${to}${from}`,
      },
    })
    world.apply(rdma('0', '1'), rdma('1', '0'), rdma('1', '2'))
    const placement = placed(world, { instanceMeta: 'MlxJaccl', minNodes: 2 })
    expect(nodesOf(placement)).toEqual(['0', '1'])
    expect(placement?.jaccl?.devices).toEqual([
      [null, 'rdma_01'],
      ['rdma_10', null],
    ])
    expect(placement?.ring).toBeUndefined()
  })
})

describe('more than ten machines', () => {
  const grid = (columns: number, rows: number): [number, number][] =>
    Array.from({ length: columns * rows }, (_none, at) => at).flatMap((at) => [
      ...(at % columns < columns - 1 ? [[at, at + 1] as [number, number]] : []),
      ...(at < columns * (rows - 1) ? [[at, at + columns] as [number, number]] : []),
    ])
  const ring = (size: number): [number, number][] =>
    Array.from({ length: size }, (_none, at): [number, number] => [at, (at + 1) % size])
  /** Meshes of five machines in a chain, joined by single cables. */
  const treeOfMeshes = (count: number): [number, number][] =>
    Array.from({ length: count }, (_none, mesh) => mesh).flatMap((mesh) => [
      ...pairs(5).map(([a, b]): [number, number] => [5 * mesh + a, 5 * mesh + b]),
      ...(mesh > 0 ? [[5 * mesh, 5 * Math.floor((mesh - 1) / 2) + 1] as [number, number]] : []),
    ])
  /** Half of all links, the same in every run. */
  const dense = (size: number): [number, number][] => pairs(size).filter(([a, b]) => (a * 7919 + b * 104_729) % 97 < 49)

  it.each([
    ['a ring', 14, ring(14), 14],
    ['a mesh', 16, pairs(16), 16],
    ['a grid', 12, grid(4, 3), 12],
    ['a larger grid', 20, grid(5, 4), 16],
    ['a tree of meshes', 20, treeOfMeshes(4), 5],
    ['a dense graph', 18, dense(18), 18],
  ])('find a group of the size that is needed in %s', (_what, size, links, minNodes) => {
    const world = worldOf(
      Array.from({ length: size }, () => 8 * GB),
      links,
    )
    const found = nodesOf(placed(world, { minNodes }))
    expect(found.length).toBeGreaterThanOrEqual(minNodes)
    const numbers = found.map(Number)
    const edges = new Set(links.flatMap(([a, b]) => [`${a}-${b}`, `${b}-${a}`]))
    expect(numbers.every((node, at) => edges.has(`${node}-${numbers[(at + 1) % numbers.length]}`))).toBe(true)
  })

  it('find the mesh that has the memory', () => {
    const free = Array.from({ length: 20 }, (_none, at) => (at >= 10 && at < 15 ? 20 : 2) * GB)
    const world = worldOf(free, treeOfMeshes(4))
    const found = nodesOf(placed(world, { placementPreference: 'smallest' }, { ...smallCard, storageBytes: 90 * GB }))
    expect([...found].sort()).toEqual(['10', '11', '12', '13', '14'])
  })
})
