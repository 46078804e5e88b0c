import { describe, expect, it } from 'vitest'
import { Decision, type Event } from './event'
import { ApiKeyId, MetaInstanceId, ModelId } from '../ids'
import { SMALL, World } from '../testing/world'
import { protocolToRead } from './decision-protocol'
import { PEER_PROTOCOL } from '../protocols/peer'

const key = { apiKeyId: ApiKeyId.parse('k'), name: 'ci', hash: 'h', createdAt: 1 }
const limits = { type: 'UpdateApiKey', apiKeyId: key.apiKeyId, changes: { limits: { concurrent: 2 } } } as const
const declaration = {
  type: 'CreateMetaInstance',
  metaInstanceId: MetaInstanceId.parse('m'),
  modelId: SMALL,
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  paused: false,
} as const

/** A cluster with one machine of that protocol. */
const withOlder = (protocol: number): World => {
  const world = new World()
  world.addNode('Mac Studio')
  world.addNode('Old Mac mini', { protocol })
  return world.apply({ type: 'ApiKeyCreated', apiKey: key })
}

describe('a decision that an older machine cannot read', () => {
  it('is not decided while that machine is online, and the refusal names it', () => {
    expect(withOlder(2).command(limits)).toMatchObject({
      status: 'refused',
      refusal: { code: 'conflict', reason: expect.stringContaining('Old Mac mini') as string },
    })
    expect(withOlder(1).command({ ...declaration, placementPreference: 'auto' }).status).toBe('refused')
    const hours = [{ from: '09:00', to: '18:00', timeZone: 'UTC' }]
    expect(withOlder(4).command({ ...declaration, placementPreference: 'auto', hours }).status).toBe('refused')
    expect(withOlder(4).command({ ...declaration, placementPreference: 'auto', kvBits: 8 }).status).toBe('refused')
    const draftModelId = ModelId.parse('m/draft')
    expect(withOlder(5).command({ ...declaration, placementPreference: 'auto', draftModelId }).status).toBe('refused')
    const adapterId = ModelId.parse('m/adapter')
    expect(withOlder(6).command({ ...declaration, placementPreference: 'auto', adapterId }).status).toBe('refused')
  })

  it('is decided once that machine is updated or gone', () => {
    expect(withOlder(3).command(limits).status).toBe('decided')
    const world = withOlder(2)
    const [, older] = Object.values(world.state.nodes)
    if (!older) throw new Error('two machines')
    world.apply({ type: 'NodeLeaving', nodeId: older.nodeId, reason: 'quit' })
    expect(world.command(limits).status).toBe('decided')
  })

  it('is decided after a split, because the other side has it already', () => {
    const again = { ...declaration, placementPreference: 'auto', again: true } as const
    expect(withOlder(1).command(again).status).toBe('decided')
  })

  it('does not block decisions that it can read', () => {
    expect(withOlder(1).command({ ...declaration, placementPreference: 'largest' }).status).toBe('decided')
  })
})

it('every kind of decision is one that the first protocol had, or names the protocol that added it', () => {
  const later = new Map<Event['type'], number>([
    ['ApiKeyUpdated', 3],
    ['MetaInstanceScheduled', 5],
  ])
  const first = ['MetaInstanceCreated', 'MetaInstanceUpdated', 'MetaInstanceDeleted', 'MetaInstancePlacementFailed']
  first.push('MetaInstanceRecovered', 'InstanceCreated', 'InstanceDeleted', 'InstanceRetrying')
  first.push('MemberAdmitted', 'MemberUpdated', 'MemberRemoved', 'ApiKeyCreated', 'ApiKeyRevoked', 'SettingChanged')
  const kinds = Decision.options.map((option) => option.shape.type.value)
  expect(kinds.filter((kind) => !later.has(kind))).toEqual(first)
  const updated: Event = { type: 'ApiKeyUpdated', apiKeyId: key.apiKeyId, changes: {} }
  expect(protocolToRead(updated)).toBe(later.get(updated.type))
  expect(Math.max(...later.values())).toBeLessThanOrEqual(PEER_PROTOCOL)
})
