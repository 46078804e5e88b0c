import { describe, expect, it } from 'vitest'
import type { NodeId } from '@core/ids'
import { previews } from '@core/placement/previews'
import { rdmaReports } from '@core/rdma/index'
import { addMac, change, plug } from '@core/testing/cabled-macs'
import { GB, smallCard, World } from '@core/testing/world'
import { rdmaOffer } from './rdma'

/** Macs that reach one another, with their names. */
const macs = (...names: string[]): { world: World; nodes: NodeId[] } => {
  const world = new World()
  const nodes = names.map((name) => addMac(world, name))
  world.connect(nodes)
  return { world, nodes }
}
const offer = (world: World, query: Parameters<typeof previews>[2] = {}, card = smallCard) => {
  for (const { nodeId } of Object.values(world.state.nodes)) world.apply(...rdmaReports(world.state, nodeId))
  return rdmaOffer(previews(world.state, card, query), 'Tensor')
}

describe('RDMA in the launch form', () => {
  it('is offered if two Macs have it', () => {
    const { world, nodes } = macs('Mac Studio', 'Mac mini')
    const [studio, mini] = nodes
    if (studio === undefined || mini === undefined) throw new Error('nobody is there')
    plug(world, [studio, 1], [mini, 1])
    expect(offer(world)).toEqual({ possible: true, reasons: [] })
  })

  it('is otherwise not offered, with the reason once per machine', () => {
    const { world, nodes } = macs('Mac Studio', 'Mac mini', 'MacBook Pro')
    for (const nodeId of nodes)
      change(world, nodeId, ({ thunderbolt, ...info }) => ({
        ...info,
        ...(nodeId === 'Mac mini'
          ? { thunderbolt: { ports: [{ receptacle: 1, maxGbps: 40, peers: [] }], bridges: [] } }
          : thunderbolt && { thunderbolt }),
      }))
    expect(offer(world)).toEqual({
      possible: false,
      reasons: ['Mac mini has only Thunderbolt 4', 'there is no Thunderbolt cable between Mac Studio and MacBook Pro'],
    })
  })

  it('counts reasons beyond the first few', () => {
    const { world } = macs('a', 'b', 'c', 'd')
    expect(offer(world)?.reasons).toHaveLength(4)
    expect(offer(world)?.reasons.at(-1)).toBe('and 3 more')
  })

  it('needs two machines', () => {
    const { world, nodes } = macs('Mac Studio', 'Mac mini')
    const one = { possible: false, reasons: ['at least two machines are needed'] }
    expect(offer(world, { nodeIds: nodes.slice(0, 1) })).toEqual(one)
    expect(offer(macs('Mac Studio').world)).toEqual(one)
  })

  it('stays offered if only the model does not fit', () => {
    const { world, nodes } = macs('Mac Studio', 'Mac mini')
    const [studio, mini] = nodes
    if (studio === undefined || mini === undefined) throw new Error('nobody is there')
    plug(world, [studio, 1], [mini, 1])
    expect(offer(world, {}, { ...smallCard, storageBytes: 900 * GB })).toEqual({ possible: true, reasons: [] })
  })

  it('is not mentioned before the node has answered', () => {
    expect(rdmaOffer(undefined, 'Tensor')).toBeUndefined()
    expect(rdmaOffer([], 'Tensor')).toBeUndefined()
  })
})
