import { describe, expect, it } from 'vitest'
import type { NodeId } from '@core/ids'
import { previews } from '@core/placement/previews'
import type { Preview } from '@core/placement/preview'
import { GB, smallCard, World } from '@core/testing/world'
import { drawnName, drawPlacement, MOST_DRAWN } from './drawing'

/** Machines in a ring of Thunderbolt cables. */
const ring = (count: number): World => {
  const world = new World()
  const nodes = Array.from({ length: count }, (_, at) => world.addNode(`mac-${at}`))
  nodes.forEach((from, at) => {
    const to = nodes[(at + 1) % count]
    if (to === undefined || to === from) return
    const edge = (a: NodeId, b: NodeId, ip: string) =>
      ({ type: 'TopologyEdgeCreated', edge: { from: a, to: b, ip, port: 1, interfaceType: 'thunderbolt' } }) as const
    world.apply(edge(from, to, `10.0.${at}.2`), edge(to, from, `10.0.${at}.1`))
  })
  return world
}
const over = (world: World, size: number): Preview => {
  const found = previews(world.state, smallCard, {}).find(
    (preview): preview is Preview => !('error' in preview) && preview.nodeIds.length === size,
  )
  if (!found) throw new Error(`there is no group of ${size}`)
  return found
}

describe('the drawing of a placement', () => {
  it('shows the ranks in order, linked as a ring, and beside them the unused machines', () => {
    const world = ring(4)
    world.addNode('apart')
    const { machines, links, hidden } = drawPlacement(world.state, over(world, 4))
    expect(machines.map(({ rank }) => rank)).toEqual([0, 1, 2, 3, undefined])
    expect(machines.at(-1)).toMatchObject({ name: 'apart', added: 0 })
    expect(links).toEqual(
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
      ].map(([at, to]) => ({ at, to, way: 'thunderbolt' })),
    )
    expect(hidden).toBe(0)
  })

  it('shows no memory of what ends for the placement', () => {
    const world = new World()
    world.addNode('mini', { free: 5 * GB })
    world.declare('asked', { onRequest: { idleSeconds: 300 } })
    world.reconcile()
    const [shown] = previews(world.state, smallCard, { makingRoom: true })
    if (!shown || 'error' in shown) throw new Error('it is refused')
    expect(drawPlacement(world.state, shown).machines).toMatchObject([{ ours: 0, added: 4 / 64 }])
  })

  it('shows each machine’s used memory, our models’ part, and the addition', () => {
    const world = ring(2)
    world.declare('known', { placementPreference: 'smallest' })
    world.reconcile()
    const [first, second] = drawPlacement(world.state, over(world, 2)).machines
    for (const machine of [first, second]) expect(machine?.used).toBeCloseTo(16 / 64)
    expect([first, second].map((machine) => Math.round((machine?.ours ?? 0) * 64)).sort()).toEqual([0, 4])
    expect(((first?.added ?? 0) + (second?.added ?? 0)) * 64 * GB).toBeCloseTo(4 * GB)
  })

  it('draws one link between two machines, and none for one', () => {
    const world = ring(2)
    expect(drawPlacement(world.state, over(world, 2)).links).toEqual([{ at: 0, to: 1, way: 'thunderbolt' }])
    expect(drawPlacement(world.state, over(world, 1)).links).toEqual([])
  })

  it('shortens names that are too wide, between two characters', () => {
    expect(['Mac Studio', 'Mac Studio 2', 'Ada’s 💻💻💻💻'].map(drawnName)).toEqual([
      'Mac Studio',
      'Mac Studio…',
      'Ada’s 💻💻…',
    ])
    expect(['王小明的', '王小明的MacBook Pro'].map(drawnName)).toEqual(['王小明的', '王小明的Ma…'])
  })

  it('counts the machines that are left out', () => {
    const world = ring(10)
    const { machines, links, hidden } = drawPlacement(world.state, over(world, 10))
    expect(machines).toHaveLength(MOST_DRAWN)
    expect(hidden).toBe(10 - MOST_DRAWN)
    expect(links.every(({ at, to }) => to === at + 1)).toBe(true)
  })
})
