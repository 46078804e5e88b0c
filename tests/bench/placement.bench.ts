import { place } from '@core/placement/place'
import { NodeId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { edgeKey, type Edge } from '@core/state/topology'
import { GB, smallCard, World } from '@core/testing/world'
import { figure, median, milliseconds, spread, type Bench } from './report'

const RUNS = 31

/** A state with machines of many sizes and the links that `linked` gives, both ways. */
const cluster = (size: number, linked: (node: number) => readonly number[]): State => {
  const world = new World()
  world.addNode('0')
  const [member] = Object.values(world.state.members)
  const [node] = Object.values(world.state.nodes)
  if (!member || !node) throw new Error('no machine to copy')
  const ids = Array.from({ length: size }, (_none, at) => NodeId.parse(`node-${at}`))
  const edges: Record<string, Edge> = {}
  for (const [a, from] of ids.entries()) {
    for (const b of linked(a)) {
      const to = ids[b]
      if (to === undefined || a === b) continue
      for (const edge of [
        { from, to, ip: `10.${a}.${b}.1`, port: 0, interfaceType: 'ethernet' as const },
        { from: to, to: from, ip: `10.${a}.${b}.2`, port: 0, interfaceType: 'ethernet' as const },
      ])
        edges[edgeKey(edge)] = edge
    }
  }
  return {
    ...emptyState(),
    members: Object.fromEntries(ids.map((nodeId) => [nodeId, { ...member, nodeId, friendlyName: nodeId }])),
    nodes: Object.fromEntries(
      ids.map((nodeId, at) => {
        const memory = { ramTotal: 128 * GB, ramAvailable: (8 + ((at * 37) % 90)) * GB, heldByRunners: 0 }
        return [nodeId, { ...node, nodeId, memory, memoryBandwidth: 400e9 }]
      }),
    ),
    topology: { edges },
  }
}

export const mesh = (size: number): State =>
  cluster(size, (node) => Array.from({ length: node }, (_none, other) => other))
export const neighbours = (size: number, degree: number): State =>
  cluster(size, (node) => Array.from({ length: degree / 2 }, (_none, at) => (node + at + 1) % size))

/** Milliseconds of one placement of a model that needs many machines. */
const timesOf = (state: State): number[] => {
  const card = { ...smallCard, storageBytes: 300 * GB, layers: 60 }
  const times: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const began = performance.now()
    const result = place(state, card, {
      sharding: 'Pipeline',
      instanceMeta: 'MlxRing',
      minNodes: 2,
      placementPreference: run % 2 === 0 ? 'largest' : 'interactivity',
    })
    times.push(performance.now() - began)
    if (result.status === 'refused') throw new Error(result.error.reason)
  }
  return times
}

const row = (name: string, state: State, atMost: number) => {
  const times = timesOf(state)
  return figure(name, milliseconds(median(times)), { value: median(times), atMost, unit: 'ms', noise: spread(times) })
}

/** How long the search for a place takes. */
export const run = (): Promise<Bench> => {
  const sizes = [50, 100, 200, 400]
  const times = sizes.map((size) => median(timesOf(mesh(size))))
  const [first = NaN, last = NaN] = [times[0], times.at(-1)]
  const exponent = Math.log(last / first) / Math.log((sizes.at(-1) ?? NaN) / (sizes[0] ?? NaN))
  return Promise.resolve({
    name: 'Placement',
    rows: [
      row('10 machines, all meshed (exact)', mesh(10), 5),
      row('200 machines, all meshed', mesh(200), 50),
      row('1,000 machines, 64 neighbours each', neighbours(1000, 64), 50),
      figure(`growth from ${sizes[0]} to ${sizes.at(-1)} machines, all meshed`, `n^${exponent.toFixed(2)}`),
    ],
  })
}
