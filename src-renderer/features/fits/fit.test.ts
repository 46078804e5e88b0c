import { describe, expect, it } from 'vitest'
import type { NodeId } from '@core/ids'
import { CreateMetaInstanceRequest } from '@core/protocols/control'
import { PlacementSpace } from '@core/placement/space'
import { withRun } from '@core/state/measured-speeds'
import { GB, SMALL, smallCard, World } from '@core/testing/world'
import { fitOn, plainFit } from './fit'
import { fitText } from './fit-text'

/** As people read it, and whether it fits. */
const told = (fit: ReturnType<typeof plainFit>) => fit && { fits: fit.fits, text: fitText(fit) }

const link = (world: World, a: NodeId, b: NodeId): void => {
  const edge = { from: a, to: b, ip: '10.0.0.2', port: 1, interfaceType: 'thunderbolt' } as const
  world.apply(
    { type: 'TopologyEdgeCreated', edge },
    { type: 'TopologyEdgeCreated', edge: { ...edge, from: b, to: a, ip: '10.0.0.1' } },
  )
}

describe('what would become of a model on a machine', () => {
  it('is the memory it takes and its speed where that can be foretold', () => {
    const world = new World()
    const node = world.addNode('mini', { bandwidth: 400e9 })
    const other = world.addNode('old')
    expect(told(fitOn(new PlacementSpace(world.state), smallCard, [node]))).toEqual({
      fits: true,
      text: 'uses 4.0 GB · about 84 tokens/s',
    })
    expect(told(fitOn(new PlacementSpace(world.state), smallCard, [other]))).toEqual({
      fits: true,
      text: 'uses 4.0 GB',
    })
  })

  it('is the memory that is missing, or why the machine is no choice at all', () => {
    const world = new World()
    const small = world.addNode('mini', { free: GB })
    const broken = world.addNode('old', { cannotRun: 'no Python' })
    const away = world.addNode('away')
    world.apply({ type: 'NodeTimedOut', nodeId: away })
    expect(told(fitOn(new PlacementSpace(world.state), smallCard, [small]))).toEqual({
      fits: false,
      text: 'needs 3.0 GB more',
    })
    expect(told(fitOn(new PlacementSpace(world.state), smallCard, [broken]))).toEqual({
      fits: false,
      text: 'cannot run models: no Python',
    })
    expect(told(fitOn(new PlacementSpace(world.state), smallCard, [away]))).toEqual({ fits: false, text: 'offline' })
  })
})

describe('where a model would go by itself', () => {
  it('is said in a few words', () => {
    const world = new World()
    expect(told(plainFit(new PlacementSpace(world.state), smallCard))).toBeUndefined()
    const mini = world.addNode('mini', { bandwidth: 400e9 })
    expect(told(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: true,
      text: 'fits · about 84 tokens/s',
    })
    const studio = world.addNode('Mac Studio', { bandwidth: 800e9 })
    expect(told(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: true,
      text: 'on Mac Studio · about 145 tokens/s',
    })
    link(world, mini, studio)
    const large = { ...smallCard, storageBytes: 60 * GB }
    expect(told(plainFit(new PlacementSpace(world.state), large))).toMatchObject({
      text: expect.stringContaining('on 2 machines together · about ') as unknown,
    })
    expect(told(plainFit(new PlacementSpace(world.state), { ...smallCard, storageBytes: 900 * GB }))).toEqual({
      fits: false,
      text: 'needs 804 GB more',
    })
  })

  it('is where the node then places it', () => {
    const world = new World()
    for (const [name, bandwidth] of Object.entries({ mini: 100e9, 'Mac Studio': 800e9, book: 400e9 }))
      world.addNode(name, { bandwidth })
    const { placementPreference } = CreateMetaInstanceRequest.parse({ modelId: SMALL })
    const promised = told(plainFit(new PlacementSpace(world.state), smallCard))
    const id = world.declare('chat', { placementPreference })
    world.reconcile()
    const [{ nodeId } = { nodeId: '' }] = world.instance(id).shards
    expect(promised).toEqual({ fits: true, text: `on ${nodeId} · about 145 tokens/s` })
  })

  it('is said with the speed that was measured there, where one was', () => {
    const world = new World()
    const speeds = withRun(
      [],
      { modelId: SMALL, sharding: 'Pipeline', instanceMeta: 'MlxRing', nodeIds: ['mini' as NodeId] },
      71,
    )
    world.addNode('mini', { bandwidth: 400e9, speeds })
    expect(told(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: true,
      text: 'fits · 71 tokens/s measured',
    })
  })

  it('says why no machine is a choice', () => {
    const world = new World()
    world.addNode('mini', { cannotRun: 'no Python' })
    expect(told(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: false,
      text: 'cannot run models: no Python',
    })
  })
})
