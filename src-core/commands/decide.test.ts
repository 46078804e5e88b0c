import { describe, expect, it } from 'vitest'
import { ApiKeyId, InstanceId, MetaInstanceId, NodeId, TaskId } from '../ids'
import type { ApiKeyChanges } from '../state/api-keys'
import { GivenName } from '../settings/given-name'
import type { MetaInstanceChanges } from '../state/meta-instances'
import { GB, readyWorld, SMALL, smallCard, World } from '../testing/world'

const types = (world: World, from: number) => world.log.slice(from).map(({ type }) => type)

describe('CreateMetaInstance', () => {
  it('only declares: nothing is placed by a command', () => {
    const world = new World()
    world.addNode('mini')
    const from = world.log.length
    world.declare()
    expect(types(world, from)).toEqual(['MetaInstanceCreated'])
  })

  it('is idempotent', () => {
    const world = new World()
    world.declare('chat')
    const from = world.log.length
    world.declare('chat')
    expect(types(world, from)).toEqual([])
  })

  it('is refused if the name is taken', () => {
    const world = new World()
    world.declare('one', { name: 'chat' })
    const command = {
      type: 'CreateMetaInstance',
      modelId: SMALL,
      sharding: 'Pipeline',
      instanceMeta: 'MlxRing',
    } as const
    const result = world.command({
      ...command,
      metaInstanceId: MetaInstanceId.parse('two'),
      name: 'chat',
      minNodes: 1,
      placementPreference: 'largest',
      paused: false,
    })
    expect(result).toMatchObject({ status: 'refused', refusal: { code: 'conflict' } })
  })

  it('asks for two machines at least with RDMA', () => {
    const world = new World()
    const id = world.declare('chat', { instanceMeta: 'MlxJaccl' })
    expect(world.metaInstance(id).minNodes).toBe(2)
    const change = (changes: MetaInstanceChanges): number => {
      world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes })
      return world.metaInstance(id).minNodes
    }
    expect(change({ minNodes: 1 })).toBe(2)
    expect(change({ minNodes: 3 })).toBe(3)
    expect(change({ minNodes: 1 })).toBe(2)
    expect(change({ instanceMeta: 'MlxRing', minNodes: 1 })).toBe(1)
    expect(change({ instanceMeta: 'MlxJaccl' })).toBe(2)
    expect(change({ paused: true })).toBe(2)
  })
})

describe('a declaration made on request', () => {
  it('is made once for a model, and not beside a declaration of it', () => {
    const world = new World()
    const id = world.declare('asked', { onRequest: { idleSeconds: 5 } })
    const again = { ...world.metaInstance(id), type: 'CreateMetaInstance' } as const
    expect(world.command({ ...again, metaInstanceId: MetaInstanceId.parse('again') })).toMatchObject({
      status: 'refused',
      refusal: { code: 'conflict' },
    })
    expect(world.command(again)).toEqual({ status: 'decided', events: [] })
  })

  it('takes a repeated idle time without another decision', () => {
    const world = new World()
    const metaInstanceId = world.declare('asked', { onRequest: { idleSeconds: 5 } })
    const changed = (changes: MetaInstanceChanges) =>
      world.command({ type: 'UpdateMetaInstance', metaInstanceId, changes })
    expect(changed({ onRequest: { idleSeconds: 5 } })).toEqual({ status: 'decided', events: [] })
    expect(changed({ pinned: false })).toEqual({ status: 'decided', events: [] })
    expect(changed({ onRequest: {} })).toMatchObject({ events: [{ type: 'MetaInstanceUpdated' }] })
    expect(changed({ onRequest: null, pinned: null })).toMatchObject({ events: [{ type: 'MetaInstanceUpdated' }] })
    expect(changed({ onRequest: null, pinned: null })).toEqual({ status: 'decided', events: [] })
    expect(world.metaInstance(metaInstanceId)).not.toHaveProperty('onRequest')
  })

  it('is never made of one that is always on', () => {
    const world = new World()
    const metaInstanceId = world.declare()
    for (const changes of [{ pinned: true }, { onRequest: { idleSeconds: 1 } }, { onRequest: {}, paused: true }])
      expect(world.command({ type: 'UpdateMetaInstance', metaInstanceId, changes })).toMatchObject({
        status: 'refused',
        refusal: { code: 'invalid' },
      })
  })
})

describe('DeleteMetaInstance', () => {
  it('cancels tasks and deletes the instance and the declaration at once', () => {
    const { world, id } = readyWorld()
    const taskId = TaskId.parse('t')
    const { instanceId } = world.instance(id)
    world.apply({
      type: 'TaskCreated',
      task: { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: 0 },
    })
    const from = world.log.length
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: id })
    expect(types(world, from)).toEqual(['TaskStatusUpdated', 'InstanceDeleted', 'MetaInstanceDeleted'])
    expect(world.state.tasks[taskId]?.status).toBe('Cancelled')
    expect([world.state.metaInstances, world.state.instances, world.state.runners]).toEqual([{}, {}, {}])
    expect(world.reconcile().events).toEqual([])
  })

  it('of something unknown is refused and changes nothing', () => {
    const { world } = readyWorld()
    const before = world.state
    const result = world.command({ type: 'DeleteMetaInstance', metaInstanceId: MetaInstanceId.parse('gone') })
    expect(result).toMatchObject({ status: 'refused', refusal: { code: 'not_found' } })
    expect(world.state).toBe(before)
  })
})

describe('RestartMetaInstance', () => {
  it('deletes the instance and counts no failure; the next pass makes a new one', () => {
    const { world, id } = readyWorld()
    const old = world.instance(id).instanceId
    world.command({ type: 'RestartMetaInstance', metaInstanceId: id })
    expect(world.metaInstance(id)).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
    world.reconcile()
    expect(world.instance(id).instanceId).not.toBe(old)
  })

  it('retries at once while placement backs off', () => {
    const { world, id } = readyWorld()
    for (let failure = 1; failure <= 8; failure += 1) {
      world.fail(id)
      world.reconcile()
    }
    expect(world.status(id)).toBe('PLACING')
    world.command({ type: 'RestartMetaInstance', metaInstanceId: id })
    world.reconcile()
    expect(world.status(id)).toBe('CONNECTING')
  })
})

describe('PlaceInstance', () => {
  const place = (world: World, id: string) =>
    world.command({
      type: 'PlaceInstance',
      instanceId: InstanceId.parse(id),
      card: smallCard,
      modelId: SMALL,
      sharding: 'Pipeline',
      instanceMeta: 'MlxRing',
      minNodes: 1,
      placementPreference: 'largest',
    })

  it('makes an instance without a declaration', () => {
    const world = new World()
    world.addNode('mini')
    place(world, 'i')
    expect(world.state.instances['i']?.metaInstanceId).toBeUndefined()
    expect(world.reconcile().events).toEqual([])
  })

  it('is refused with the funnel if it cannot be placed', () => {
    const world = new World()
    world.addNode('mini', { free: GB })
    expect(place(world, 'i')).toMatchObject({
      status: 'refused',
      refusal: { code: 'cannot_place', reason: 'mini has 1 GB free, the model needs 4 GB', details: { considered: 1 } },
    })
  })
})

describe('API keys', () => {
  it('are created once and revoked', () => {
    const world = new World()
    const apiKey = { apiKeyId: ApiKeyId.parse('k'), name: 'laptop', hash: 'ab' }
    world.command({ type: 'CreateApiKey', apiKey })
    world.command({ type: 'CreateApiKey', apiKey })
    expect(world.state.apiKeys['k']).toEqual({ ...apiKey, createdAt: world.now })
    world.command({ type: 'RevokeApiKey', apiKeyId: apiKey.apiKeyId })
    expect(world.state.apiKeys).toEqual({})
  })

  it('are renamed and limited; what is not named stays, and null removes limits', () => {
    const world = new World()
    const apiKey = { apiKeyId: ApiKeyId.parse('k'), name: 'laptop', hash: 'ab', limits: { concurrent: 3 } }
    world.command({ type: 'CreateApiKey', apiKey })
    const update = (changes: ApiKeyChanges) => {
      world.command({ type: 'UpdateApiKey', apiKeyId: apiKey.apiKeyId, changes })
      return world.state.apiKeys['k']
    }
    expect(update({ name: 'desk' })).toEqual({ ...apiKey, name: 'desk', createdAt: world.now })
    expect(update({ limits: { tokensPerMinute: 9 } })).toMatchObject({ name: 'desk', limits: { tokensPerMinute: 9 } })
    expect(update({ limits: null })).not.toHaveProperty('limits')
    const unknown = { type: 'UpdateApiKey', apiKeyId: ApiKeyId.parse('gone'), changes: {} } as const
    expect(world.command(unknown)).toMatchObject({ status: 'refused', refusal: { code: 'not_found' } })
  })
})

describe('a machine that people let in', () => {
  const nodeId = NodeId.parse('mini')
  const member = { nodeId, certificate: 'c', friendlyName: 'Mac mini' }

  it('counts as admitted now, also where it is known: another side may have removed it before', () => {
    const world = new World()
    world.command({ type: 'AdmitMember', member })
    world.now += 5000
    world.command({ type: 'AdmitMember', member })
    expect(world.state.members[nodeId]?.admittedAt).toBe(world.now - 5000)
    world.command({ type: 'AdmitMember', member, isLetIn: true })
    expect(world.state.members[nodeId]?.admittedAt).toBe(world.now)
  })
})

describe('a machine’s name', () => {
  const nodeId = NodeId.parse('mini')
  const says = (world: World, friendlyName: string) =>
    world.command({ type: 'AdmitMember', member: { nodeId, certificate: 'c', friendlyName } })
  const rename = (world: World, friendlyName: string) => world.command({ type: 'RenameMember', nodeId, friendlyName })
  const admitted = () => {
    const world = new World()
    says(world, 'Mac mini')
    return world
  }
  const nameIn = ({ state }: World) => state.members[nodeId]?.friendlyName

  it('is what the machine reports, also when that changes', () => {
    const world = admitted()
    expect(nameIn(world)).toBe('Mac mini')
    says(world, 'Mac mini (2)')
    expect(nameIn(world)).toBe('Mac mini (2)')
  })

  it('given by people stays when the machine restarts', () => {
    const world = admitted()
    rename(world, 'Kitchen')
    says(world, 'Mac mini')
    rename(world, 'Hall')
    says(world, 'Mac mini')
    expect(nameIn(world)).toBe('Hall')
  })

  it('given by people is replaced when the machine’s own settings change it', () => {
    const world = admitted()
    rename(world, 'Kitchen')
    says(world, 'build machine')
    expect(nameIn(world)).toBe('build machine')
    says(world, 'build machine')
    rename(world, 'Kitchen')
    says(world, 'build machine')
    expect(nameIn(world)).toBe('Kitchen')
  })

  it('is the machine’s own again when people set it back', () => {
    const world = admitted()
    rename(world, 'Kitchen')
    rename(world, 'Mac mini')
    says(world, 'Mac mini')
    expect(nameIn(world)).toBe('Mac mini')
  })

  it('changes nothing when it is given twice', () => {
    const world = admitted()
    rename(world, 'Kitchen')
    const from = world.log.length
    rename(world, 'Kitchen')
    expect(types(world, from)).toEqual([])
  })

  it('is given to members only', () => {
    expect(rename(new World(), 'Kitchen')).toMatchObject({ status: 'refused', refusal: { code: 'not_found' } })
  })

  it('is reset with a new membership', () => {
    const world = admitted()
    world.addNode('another')
    rename(world, 'Kitchen')
    world.command({ type: 'RemoveMember', nodeId })
    says(world, 'Mac mini')
    expect(world.state.members[nodeId]).toMatchObject({ friendlyName: 'Mac mini' })
    expect(world.state.members[nodeId]).not.toHaveProperty('ownName')
  })
})

describe('RemoveMember', () => {
  it('is refused for the only member: it is alone already, and nobody would be left to lead', () => {
    const world = new World()
    const nodeId = world.addNode('mini')
    expect(world.command({ type: 'RemoveMember', nodeId })).toMatchObject({
      status: 'refused',
      refusal: { code: 'conflict', reason: 'mini is the only machine of its cluster: there is nothing to leave' },
    })
    world.addNode('studio')
    expect(world.command({ type: 'RemoveMember', nodeId })).toMatchObject({ events: [{ type: 'MemberRemoved' }] })
  })
})

describe('a name that people give', () => {
  it.each([
    ['Kitchen', 'Kitchen'],
    ['  Ada’s Mac  ', 'Ada’s Mac'],
    ['厨房 👩‍🍳', '厨房 👩‍🍳'],
    ['x'.repeat(60), 'x'.repeat(60)],
    ['x'.repeat(61), undefined],
    ['   ', undefined],
    ['two\nlines', undefined],
    ['two\u2028lines', undefined],
    ['bell\u0007', undefined],
    ['nul\u0000', undefined],
    ['turned \u202etxt', undefined],
    ['\u200b\u200d', undefined],
    ['שלום\u200f!', 'שלום\u200f!'],
  ])('%j is %j', (text, name) => {
    expect(GivenName.safeParse(text).data).toBe(name)
  })
})
