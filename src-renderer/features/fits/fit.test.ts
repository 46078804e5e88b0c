import { describe, expect, it } from 'vitest'
import { ModelId, type NodeId } from '@core/ids'
import { CreateMetaInstanceRequest } from '@core/protocols/control'
import { PlacementSpace } from '@core/placement/space'
import { withRun } from '@core/state/measured-speeds'
import { GB, SMALL, smallCard, World } from '@core/testing/world'
import { fitOn, plainFit } from './fit'
import { fitText } from './fit-text'

/** The text that users read, and whether it fits. */
const shown = (fit: ReturnType<typeof plainFit>) => fit && { fits: fit.fits, text: fitText(fit) }

const link = (world: World, a: NodeId, b: NodeId): void => {
  const edge = { from: a, to: b, ip: '10.0.0.2', port: 1, interfaceType: 'thunderbolt' } as const
  world.apply(
    { type: 'TopologyEdgeCreated', edge },
    { type: 'TopologyEdgeCreated', edge: { ...edge, from: b, to: a, ip: '10.0.0.1' } },
  )
}

describe('the prediction for a model on a machine', () => {
  it('has the memory it uses and its speed, if it can be predicted', () => {
    const world = new World()
    const node = world.addNode('mini', { bandwidth: 400e9 })
    const other = world.addNode('old')
    expect(shown(fitOn(new PlacementSpace(world.state), smallCard, [node]))).toEqual({
      fits: true,
      text: 'uses 4.0 GB · about 84 tokens/s',
    })
    expect(shown(fitOn(new PlacementSpace(world.state), smallCard, [other]))).toEqual({
      fits: true,
      text: 'uses 4.0 GB',
    })
  })

  it('has the missing memory, or why the machine is excluded', () => {
    const world = new World()
    const small = world.addNode('mini', { free: GB })
    const broken = world.addNode('old', { cannotRun: 'no Python' })
    const away = world.addNode('away')
    world.apply({ type: 'NodeTimedOut', nodeId: away })
    expect(shown(fitOn(new PlacementSpace(world.state), smallCard, [small]))).toEqual({
      fits: false,
      text: 'needs 3.0 GB more',
    })
    expect(shown(fitOn(new PlacementSpace(world.state), smallCard, [broken]))).toEqual({
      fits: false,
      text: 'cannot run models: no Python',
    })
    expect(shown(fitOn(new PlacementSpace(world.state), smallCard, [away]))).toEqual({ fits: false, text: 'offline' })
  })
})

describe('the prediction for a model that has no room beside what requests have loaded', () => {
  const loaded = (): { world: World; mini: NodeId } => {
    const world = new World()
    const mini = world.addNode('mini', { free: 5 * GB })
    world.declare('asked', { name: 'notes', onRequest: { idleSeconds: 300 } })
    world.reconcile()
    return { world, mini }
  }
  const otherCard = { ...smallCard, modelId: ModelId.parse('m/other') }

  it('has what ends for it, as the node will do', () => {
    const { world, mini } = loaded()
    const space = new PlacementSpace(world.state)
    expect(shown(plainFit(space, otherCard))).toEqual({ fits: true, text: 'fits · notes ends for it' })
    expect(shown(fitOn(space, otherCard, [mini]))).toEqual({ fits: true, text: 'uses 4.0 GB · notes ends for it' })
    expect(shown(plainFit(space, { ...otherCard, storageBytes: 6 * GB }))).toMatchObject({ fits: false })
  })

  it('has nothing that ends if it is the one that is loaded: a launch makes that permanent', () => {
    const { world } = loaded()
    expect(shown(plainFit(new PlacementSpace(world.state), smallCard))).toMatchObject({ fits: false })
  })
})

describe('the prediction for a placement by Muster', () => {
  it('is a short text', () => {
    const world = new World()
    expect(shown(plainFit(new PlacementSpace(world.state), smallCard))).toBeUndefined()
    const mini = world.addNode('mini', { bandwidth: 400e9 })
    expect(shown(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: true,
      text: 'fits · about 84 tokens/s',
    })
    const studio = world.addNode('Mac Studio', { bandwidth: 800e9 })
    expect(shown(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: true,
      text: 'on Mac Studio · about 145 tokens/s',
    })
    link(world, mini, studio)
    const large = { ...smallCard, storageBytes: 60 * GB }
    expect(shown(plainFit(new PlacementSpace(world.state), large))).toMatchObject({
      text: expect.stringContaining('on 2 machines together · about ') as unknown,
    })
    expect(shown(plainFit(new PlacementSpace(world.state), { ...smallCard, storageBytes: 900 * GB }))).toEqual({
      fits: false,
      text: 'needs 804 GB more',
    })
  })

  it('equals the node’s later placement', () => {
    const world = new World()
    for (const [name, bandwidth] of Object.entries({ mini: 100e9, 'Mac Studio': 800e9, book: 400e9 }))
      world.addNode(name, { bandwidth })
    const { placementPreference } = CreateMetaInstanceRequest.parse({ modelId: SMALL })
    const promised = shown(plainFit(new PlacementSpace(world.state), smallCard))
    const id = world.declare('chat', { placementPreference })
    world.reconcile()
    const [{ nodeId } = { nodeId: '' }] = world.instance(id).shards
    expect(promised).toEqual({ fits: true, text: `on ${nodeId} · about 145 tokens/s` })
  })

  it('has the speed that was measured there, if any', () => {
    const world = new World()
    const speeds = withRun(
      [],
      { modelId: SMALL, sharding: 'Pipeline', instanceMeta: 'MlxRing', nodeIds: ['mini' as NodeId] },
      71,
    )
    world.addNode('mini', { bandwidth: 400e9, speeds })
    expect(shown(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: true,
      text: 'fits · 71 tokens/s measured',
    })
  })

  it('says why no machine can be used', () => {
    const world = new World()
    world.addNode('mini', { cannotRun: 'no Python' })
    expect(shown(plainFit(new PlacementSpace(world.state), smallCard))).toEqual({
      fits: false,
      text: 'cannot run models: no Python',
    })
  })
})
