import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { World } from '@core/testing/world'
import { RankRendezvous, type WaitingRank } from './rendezvous'

/** A ring of two ranks, of which the first is this node's. */
const ringOfTwo = () => {
  const world = new World()
  world.connect([world.addNode('mini'), world.addNode('studio')])
  const id = world.declare('chat', { minNodes: 2 })
  world.reconcile()
  const instance = world.instance(id)
  const [own] = instance.shards
  if (!own) throw new Error('not placed')
  const rank: WaitingRank = { instance, runnerId: own.runnerId }
  const report = (ringPort: number): void => {
    for (const { runnerId } of instance.shards)
      world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Connecting', ringPort })
  }
  return { world, rank, report, rendezvous: new RankRendezvous(own.nodeId) }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })

describe('the rendezvous of a rank', () => {
  it('is complete once every rank has a port, and frees its own for the runner', async () => {
    const { world, rank, report, rendezvous } = ringOfTwo()
    await rendezvous.prepare(rank)
    const port = rendezvous.portOf(rank.runnerId) ?? 0
    expect(await isFree(port)).toBe(false)
    const found = rendezvous.await(rank)
    rendezvous.stateChanged(world.state)
    report(port)
    rendezvous.stateChanged(world.state)
    expect((await found).ring?.hosts).toHaveLength(2)
    expect(await isFree(port)).toBe(true)
    rendezvous.forget(rank.runnerId)
  })

  it('waits for nothing where its runner is stopped while its port is being reserved', async () => {
    const { world, rank, report, rendezvous } = ringOfTwo()
    const prepared = rendezvous.prepare(rank)
    rendezvous.forget(rank.runnerId)
    await prepared
    expect(rendezvous.portOf(rank.runnerId)).toBeUndefined()
    let ended = false
    void rendezvous.await(rank).then(() => (ended = true))
    report(1)
    rendezvous.stateChanged(world.state)
    await new Promise(setImmediate)
    expect(ended).toBe(false)
  })
})
