import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { Scenario, Step } from '@core/simulation/scenario'
import { MAX_AHEAD_MS } from '@core/time/peer-clocks'
import { epochMs } from '@core/time/clocks'
import { ClusterSimulation } from './cluster-simulation'

const DAY_MS = 24 * 3_600_000
const [a, b, c] = ['a', 'b', 'c'].map((name) => NodeId.parse(name))

/** How far the leader's time is ahead of the true one after its clock was set a day ahead, in a cluster of these. */
const aheadMs = async (replicas: readonly (NodeId | undefined)[]): Promise<number> => {
  const world = Scenario.parse({ wallClock: '2026-03-01T12:00:00Z', replicas, models: {}, steps: [] })
  const simulation = new ClusterSimulation(world, {})
  const { clock } = simulation
  const take = (step: object): void => simulation.take(Step.parse({ at: clock.now(), ...step }))
  const run = (milliseconds: number): Promise<void> => simulation.runUntil(clock.now() + milliseconds)
  for (const node of replicas) take({ do: 'addNode', node })
  await run(3000)
  const [leader] = simulation.masters()
  take({ do: 'setClock', node: leader?.self, byMs: DAY_MS })
  await run(10_000)
  take({ do: 'changeSetting', change: { key: 'name', value: 'Studio' } })
  await run(1000)
  expect(simulation.state().settings.name).toBe('Studio')
  return simulation.state().lastEventAt - epochMs(clock.wall())
}

describe('the time of a leader whose clock was set a day ahead', () => {
  it('stays within a minute of the clocks of a majority', async () => {
    expect(await aheadMs([a, b, c])).toBeLessThanOrEqual(MAX_AHEAD_MS)
  })

  it('follows its own clock if there is no majority', async () => {
    expect(await aheadMs([a, b])).toBeGreaterThan(DAY_MS - 10_000)
  })
})
