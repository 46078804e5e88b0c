import { describe, expect, it } from 'vitest'
import { InstanceId, MetaInstanceId, ModelId } from '../ids'
import { smallCard, SMALL, World } from '../testing/world'
import { nameKey } from './names'

const OTHER = ModelId.parse('m/other')
const SPELLINGS = [String, (text: string) => text.toUpperCase(), (text: string) => `${text}\u200b`, wide] as const

/** Full-width forms, as in Chinese and Japanese fonts. */
function wide(text: string): string {
  return text.replaceAll(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0))
}

const declared = () => {
  const world = new World()
  const first = world.declare('first', { name: 'chat' })
  const second = world.declare('second', { modelId: OTHER })
  return { world, first, second }
}
const reasonFor = (world: World, command: Parameters<World['command']>[0]): string => {
  const result = world.command(command)
  return result.status === 'refused' ? `${result.refusal.code}: ${result.refusal.reason}` : 'done'
}
const creation = (id: string, modelId: ModelId, name?: string) =>
  ({
    type: 'CreateMetaInstance',
    metaInstanceId: MetaInstanceId.parse(id),
    modelId,
    ...(name !== undefined && { name }),
    ...({ sharding: 'Pipeline', instanceMeta: 'MlxRing', minNodes: 1 } as const),
    ...({ placementPreference: 'largest', paused: false } as const),
  }) as const

describe('a name', () => {
  it.each(
    ['chat', 'second', SMALL, OTHER].flatMap((taken) => SPELLINGS.map((spelled) => [spelled(taken), taken] as const)),
  )('spelled %j is refused where %j is taken, to a new declaration and to a changed one', (name) => {
    const { world, second } = declared()
    const before = world.state
    // A declaration may be named by its own id, so use the other one.
    const other = nameKey(name) === 'second' ? MetaInstanceId.parse('first') : second
    expect(reasonFor(world, creation('new', SMALL, name))).toMatch(/^conflict: /)
    expect(reasonFor(world, { type: 'UpdateMetaInstance', metaInstanceId: other, changes: { name } })).toMatch(
      /^conflict: /,
    )
    expect(world.state).toBe(before)
  })

  it('may change its spelling, and may be reused once it is free', () => {
    const { world, first } = declared()
    const update = (name: string | null) =>
      reasonFor(world, { type: 'UpdateMetaInstance', metaInstanceId: first, changes: { name } })
    expect([update('Chat'), update('first'), update(null)]).toEqual(['done', 'done', 'done'])
    expect(reasonFor(world, creation('new', SMALL, 'chat'))).toBe('done')
  })

  it('keeps a model of that id from being declared, placed, or changed to', () => {
    const { world, second } = declared()
    const modelId = ModelId.parse('Chat')
    const before = world.state
    expect(reasonFor(world, creation('new', modelId))).toContain('is the name of the declaration first')
    const place = { ...creation('new', modelId), type: 'PlaceInstance', card: { ...smallCard, modelId } } as const
    const { metaInstanceId: _id, paused: _paused, ...wanted } = place
    expect(reasonFor(world, { ...wanted, instanceId: InstanceId.parse('loose') })).toContain('rename that first')
    expect(reasonFor(world, { type: 'UpdateMetaInstance', metaInstanceId: second, changes: { modelId } })).toContain(
      'rename that first',
    )
    expect(world.state).toBe(before)
  })

  it('does not keep declarations of one model apart that have none', () => {
    const { world } = declared()
    expect(reasonFor(world, creation('new', OTHER))).toBe('done')
  })

  it('is checked again when its declaration changes its model', () => {
    const { world, first } = declared()
    expect(
      reasonFor(world, {
        type: 'UpdateMetaInstance',
        metaInstanceId: first,
        changes: { modelId: ModelId.parse('chat') },
      }),
    ).toContain('is the id of the model itself')
  })

  it('in an older log that equals a model’s id blocks no other change', () => {
    const { world, first } = declared()
    world.apply({ type: 'MetaInstanceUpdated', metaInstanceId: first, changes: { name: OTHER } })
    const changes = { name: OTHER, paused: true }
    expect(reasonFor(world, { type: 'UpdateMetaInstance', metaInstanceId: first, changes })).toBe('done')
    expect(world.metaInstance(first)).toMatchObject({ name: OTHER, paused: true })
  })
})
