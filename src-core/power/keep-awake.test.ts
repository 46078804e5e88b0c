import { describe, expect, it } from 'vitest'
import { ModelId, NodeId, TaskId } from '../ids'
import { readyWorld, World } from '../testing/world'
import { awakeReason, type SleepPolicy } from './keep-awake'

const plugged: SleepPolicy = { keepAwake: 'never', onBattery: false }

const download = (status: 'Ongoing' | 'Complete') => {
  const world = new World()
  const nodeId = world.addNode('mini')
  world.apply({
    type: 'NodeDownloadProgress',
    nodeId,
    modelId: ModelId.parse('m/small'),
    download: { status, downloadedBytes: 1, totalBytes: 2 },
  })
  return { world, nodeId }
}

describe('a machine stays awake', () => {
  it('while a model is downloaded to it, and no longer', () => {
    const going = download('Ongoing')
    expect(awakeReason(going.world.state, going.nodeId, plugged)).toBe('download')
    const done = download('Complete')
    expect(awakeReason(done.world.state, done.nodeId, plugged)).toBeUndefined()
  })

  it('while it answers, on battery too', () => {
    const { world } = readyWorld()
    const [instance] = Object.values(world.state.instances)
    const [shard] = instance?.shards ?? []
    if (instance === undefined || shard === undefined) throw new Error('no instance')
    const taskId = TaskId.parse('task')
    const task = { taskId, instanceId: instance.instanceId, kind: 'generation', createdAt: world.now } as const
    world.apply({ type: 'TaskCreated', task: { ...task, status: 'Running' } })
    const onBattery = { keepAwake: 'never', onBattery: true } as const
    expect(awakeReason(world.state, shard.nodeId, onBattery)).toBe('answer')
    world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete' })
    expect(awakeReason(world.state, shard.nodeId, onBattery)).toBeUndefined()
  })

  it.each([
    ['never', false, undefined],
    ['on-power', false, 'model'],
    ['on-power', true, undefined],
    ['always', false, 'model'],
    ['always', true, 'model'],
  ] as const)('for a declared model where it is set to %s, on battery: %s → %s', (keepAwake, onBattery, reason) => {
    const { world } = readyWorld()
    const [nodeId] = Object.keys(world.state.nodes)
    expect(awakeReason(world.state, NodeId.parse(nodeId), { keepAwake, onBattery })).toBe(reason)
  })

  it('neither for a model on another machine, nor for an on-request one', () => {
    const { world } = readyWorld()
    const other = world.addNode('other')
    expect(awakeReason(world.state, other, { keepAwake: 'always', onBattery: false })).toBeUndefined()
    const asked = new World()
    const nodeId = asked.addNode('mini')
    asked.declare('asked', { onRequest: { idleSeconds: 300 } })
    asked.reconcile()
    expect(Object.keys(asked.state.instances)).toHaveLength(1)
    expect(awakeReason(asked.state, nodeId, { keepAwake: 'always', onBattery: false })).toBeUndefined()
  })
})
