import { expect, it } from 'vitest'
import { CommandId, NodeId } from '@core/ids'
import { Violation } from '@core/simulation/chaos/invariants'
import { Scenario } from '@core/simulation/scenario'
import { ClusterSimulation } from '../cluster-simulation'
import { ClusterInvariants } from './cluster-invariants'

const a = NodeId.parse('a')
const nodes = [a, NodeId.parse('b'), NodeId.parse('c')]
const REST_AT = 300_000

/** Three machines; c is removed while it is off, and hears so at 17 s. d1 is deleted, at the machine `via`. */
const played = async (deletion: { readonly at: number; readonly via: string }) => {
  const { steps, ...world } = Scenario.parse({
    replicas: nodes,
    wallClock: '2026-03-01T12:00:00Z',
    models: { 'm/small': { storageBytes: 4e9, layers: 32, hiddenSize: 4096, kvHeads: 8 } },
    steps: [
      ...nodes.map((node) => ({ at: 0, do: 'addNode', node })),
      { at: 1000, do: 'createMetaInstance', id: 'd1', modelId: 'm/small', via: 'a' },
      { at: 3000, do: 'crashNode', node: 'c' },
      { at: 9000, do: 'removeMember', node: 'c', via: 'a' },
      { at: 15_000, do: 'restartNode', node: 'c' },
      { ...deletion, do: 'deleteMetaInstance', id: 'd1' },
      { at: 30_000, do: 'admitMember', node: 'c', via: 'b' },
    ],
  })
  const invariants = new ClusterInvariants(() => simulation)
  const acknowledged: string[] = []
  const simulation: ClusterSimulation = new ClusterSimulation(world, {
    event: (envelope, before, after, node) => {
      if (node !== undefined) invariants.event(envelope, before, after, node)
    },
    happened: (_at, happening) => {
      invariants.happened(happening)
      if (happening.kind === 'acknowledged') acknowledged.push(happening.command)
    },
  })
  for (const step of steps) {
    await simulation.runUntil(step.at - 1)
    simulation.clock.skipTo(step.at)
    invariants.step(step, step.at)
    simulation.take(step)
    await simulation.settled()
  }
  await simulation.runUntil(REST_AT)
  return { invariants, simulation, acknowledged }
}

it('hold of what a member decides; a machine that has heard of its removal acknowledges nothing before it begins anew', async () => {
  const byMember = await played({ at: 17_100, via: 'a' })
  expect(byMember.acknowledged).toContain('deleteMetaInstance')
  expect(byMember.simulation.state().metaInstances).not.toHaveProperty('d1')
  await byMember.invariants.rest(byMember.simulation)
  const byRemoved = await played({ at: 17_100, via: 'c' })
  expect(byRemoved.acknowledged).not.toContain('deleteMetaInstance')
  expect(byRemoved.simulation.state().metaInstances).toHaveProperty('d1')
  await byRemoved.invariants.rest(byRemoved.simulation)
})

it('are broken where something is there whose removal was acknowledged', async () => {
  const { invariants, simulation } = await played({ at: 17_100, via: 'c' })
  const commandId = CommandId.parse('by-a-member')
  invariants.happened({ kind: 'acknowledged', command: 'deleteMetaInstance', id: 'd1', commandId, via: a })
  await expect(invariants.rest(simulation)).rejects.toThrow(Violation)
})
