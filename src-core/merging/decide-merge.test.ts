import { describe, expect, it } from 'vitest'
import type { Command } from '../commands/command'
import { ApiKeyId, MetaInstanceId, ModelId, NodeId } from '../ids'
import type { MetaInstanceChanges } from '../state/meta-instances'
import { World } from '../testing/world'
import { carriedOver, declaredSince, combined, nothingUnmerged, type UnmergedDeclarations } from './unmerged'
import { decideMerge } from './decide-merge'

const id = (name: string): MetaInstanceId => MetaInstanceId.parse(name)
const later = (world: World): World => world.wait(1000)
const update = (world: World, changes: MetaInstanceChanges, name = 'both') =>
  world.command({ type: 'UpdateMetaInstance', metaInstanceId: id(name), changes })
const remove = (world: World, name = 'both') => world.command({ type: 'DeleteMetaInstance', metaInstanceId: id(name) })

type Act = (world: World) => unknown

/** Two sides that separate with two machines and one declaration, and meet again after each has done something. */
const split = (here: Act, there: Act = () => undefined, before: Act = () => undefined) => {
  const [own, other] = [new World(), new World()]
  for (const world of [own, other]) {
    world.state = { ...world.state, masterNodeId: NodeId.parse('a') }
    world.addNode('a')
    world.addNode('b')
    world.declare('both', { name: 'chat' })
    before(world)
    later(world)
  }
  const common = own.state
  const since = own.log.length
  other.state = { ...other.state, masterNodeId: NodeId.parse('b') }
  here(own)
  there(other)
  const unmerged = declaredSince(common, own.state, own.log.slice(since)) ?? nothingUnmerged
  const merged = decideMerge(other.state, unmerged)
  other.apply(...merged)
  return { unmerged, types: merged.map(({ type }) => type), own, other }
}
const again = ({ other, unmerged }: { other: World; unmerged: UnmergedDeclarations }) =>
  decideMerge(other.state, unmerged)

describe('the declarations of one side of a split', () => {
  it('are empty if that side got no commands, whatever it placed or lost', () => {
    const { types } = split((world) => {
      world.reconcile()
      world.fail(id('both'))
      world.reconcile()
    })
    expect(types).toEqual([])
  })

  it('are merged once: created, changed and deleted ones', () => {
    const met = split(
      (world) => {
        world.declare('mine', { name: 'writer', minNodes: 2, maxContext: 1024 })
        update(world, { paused: true })
        world.declare('short-lived')
        remove(world, 'short-lived')
      },
      (world) => world.declare('theirs'),
    )
    const { other } = met
    expect(Object.keys(other.state.metaInstances).sort()).toEqual(['both', 'mine', 'theirs'])
    expect(other.metaInstance(id('mine'))).toMatchObject({ name: 'writer', minNodes: 2, maxContext: 1024 })
    expect(other.metaInstance(id('both')).paused).toBe(true)
    expect(again(met)).toEqual([])
  })

  it('win by field where they are newer, and lose where they are older', () => {
    const { other } = split(
      (world) => {
        update(world, { paused: true, maxContext: 512 })
        update(later(later(world)), { minNodes: 2 })
      },
      (world) => update(later(world), { paused: false, minNodes: 1, name: 'x' }),
    )
    expect(other.metaInstance(id('both'))).toMatchObject({ paused: false, minNodes: 2, maxContext: 512, name: 'x' })
  })

  it('give the same result on both sides', () => {
    const { own, other, unmerged } = split(
      (world) => update(world, { paused: true, name: 'here' }),
      (world) => update(later(world), { name: 'there', minNodes: 2 }),
    )
    own.apply(...decideMerge(own.state, declaredSince(own.state, other.state, other.log) ?? nothingUnmerged))
    expect(own.state.stamps).toEqual(other.state.stamps)
    expect(own.metaInstance(id('both'))).toMatchObject({ paused: true, name: 'there', minNodes: 2 })
    expect(decideMerge(own.state, unmerged)).toEqual([])
  })

  it('include changes of either side to an entity that both created by one command', () => {
    const met = split(
      (world) => {
        world.declare('twice')
        update(later(later(world)), { maxContext: 512 }, 'twice')
      },
      (world) => {
        later(world).declare('twice')
        update(later(later(later(world))), { minNodes: 2 }, 'twice')
      },
    )
    expect(met.other.metaInstance(id('twice'))).toMatchObject({ maxContext: 512, minNodes: 2 })
    expect(again(met)).toEqual([])
  })

  it('include changes made before the other side created the entity by the same command, and end no instance', () => {
    const { other, types } = split(
      (world) => {
        world.declare('twice')
        update(later(world), { maxContext: 512 }, 'twice')
      },
      (world) => {
        later(later(world)).declare('twice')
        world.reconcile()
      },
    )
    expect(other.metaInstance(id('twice')).maxContext).toBe(512)
    expect(types).toEqual(['MetaInstanceUpdated'])
    const late = split(
      (world) => later(later(world)).declare('twice'),
      (world) => {
        world.declare('twice')
        world.reconcile()
      },
    )
    expect(late.types).toEqual([])
  })

  it('are overwritten by later writes, even if their clock was ahead', () => {
    const met = split((world) => update(world.wait(3_600_000), { maxContext: 512 }))
    update(met.other, { maxContext: 1024 })
    expect(again(met)).toEqual([])
    expect(met.other.metaInstance(id('both')).maxContext).toBe(1024)
  })

  it('change only the written fields of a machine, and leave the stamps of the others', () => {
    const drain = (world: World, drained: boolean) =>
      world.command({ type: 'DrainMember', nodeId: NodeId.parse('b'), drained })
    const { other } = split(
      (world) => [drain(world, true), drain(later(later(world)), false)],
      (world) => drain(later(world), false),
    )
    const third = split((world) =>
      world.command({ type: 'RenameMember', nodeId: NodeId.parse('b'), friendlyName: 'Kitchen' }),
    )
    other.apply(...decideMerge(later(later(later(other))).state, third.unmerged))
    expect(other.state.members['b']?.friendlyName).toBe('Kitchen')
  })

  it('keep their stamps, so that a third side with a newer change still wins', () => {
    const met = split((world) => update(world, { maxContext: 512 }))
    const third = split((world) => update(later(world), { maxContext: 1024 }))
    const { other } = met
    later(other)
    later(other)
    other.apply(...decideMerge(other.state, third.unmerged))
    expect(other.metaInstance(id('both')).maxContext).toBe(1024)
    expect(again(met)).toEqual([])
  })

  it('stay removed, whichever side removed them and whatever the other changed later', () => {
    expect(
      split(
        (world) => remove(world),
        (world) => update(later(world), { paused: true }),
      ).other.state.metaInstances,
    ).toEqual({})
    const changed = split(
      (world) => update(later(world), { paused: true }),
      (world) => remove(world),
    )
    expect(changed.types).toEqual([])
  })

  it('exclude on-request declarations, except those that were made permanent or deleted', () => {
    const ask = (world: World, name: string) =>
      world.declare(name, { modelId: ModelId.parse(`m/${name}`), onRequest: { idleSeconds: 1 } })
    const keep = (world: World, name: string) => update(later(world), { onRequest: null, pinned: null }, name)
    const end = (world: World, name: string) =>
      world.apply({ type: 'MetaInstanceDeleted', metaInstanceId: id(name), cause: 'idle' })
    const { types, other } = split(
      (world) => {
        ask(world, 'new')
        ask(world, 'new-and-kept')
        keep(world, 'new-and-kept')
        keep(world, 'kept-here')
        end(world, 'kept-there')
        remove(world, 'deleted')
      },
      (world) => {
        end(world, 'kept-here')
        keep(world, 'kept-there')
      },
      (world) => {
        for (const name of ['kept-here', 'kept-there', 'deleted']) ask(world, name)
      },
    )
    expect(Object.keys(other.state.metaInstances).sort()).toEqual(['both', 'kept-here', 'kept-there', 'new-and-kept'])
    expect(types.sort()).toEqual(['MetaInstanceCreated', 'MetaInstanceCreated', 'MetaInstanceDeleted'])
    expect(other.metaInstance(id('kept-here'))).not.toHaveProperty('onRequest')
  })

  it('are not brought back by another member of that side after their removal', () => {
    const apiKey = { apiKeyId: ApiKeyId.parse('k'), name: 'ci', hash: 'x' }
    const member = { nodeId: NodeId.parse('c'), certificate: 'c', friendlyName: 'c' }
    const met = split((world) => {
      world.declare('mine')
      world.command({ type: 'AdmitMember', member })
      world.command({ type: 'CreateApiKey', apiKey })
    })
    const { other } = met
    expect(again(met)).toEqual([])
    remove(later(other), 'mine')
    other.command({ type: 'RemoveMember', nodeId: member.nodeId })
    other.command({ type: 'RevokeApiKey', apiKeyId: apiKey.apiKeyId })
    expect(again(met)).toEqual([])
    other.command({ type: 'AdmitMember', member })
    expect(Object.keys(other.state.retired ?? {}).sort()).toEqual(['k', 'mine'])
  })

  it('are not brought back, however many others are deleted meanwhile', () => {
    const met = split((world) => world.declare('mine'))
    remove(later(met.other), 'mine')
    for (let count = 0; count < 1100; count += 1) {
      const metaInstanceId = met.other.declare(`passing-${count}`)
      met.other.command({ type: 'DeleteMetaInstance', metaInstanceId })
    }
    expect(again(met)).toEqual([])
  })

  it('keep a member that was admitted again, on either side', () => {
    const nodeId = NodeId.parse('b')
    const member = { nodeId, certificate: 'b', friendlyName: 'b' }
    const removeIt = (world: World) => world.command({ type: 'RemoveMember', nodeId })
    const letIn = (world: World) => later(world).command({ type: 'AdmitMember', member })
    const back = (world: World) => [removeIt(world), letIn(world)]
    expect(split(back, removeIt).other.state.members).toHaveProperty('b')
    expect(split(removeIt, back).other.state.members).toHaveProperty('b')
    expect(split((world) => removeIt(later(later(world))), back).other.state.members).not.toHaveProperty('b')
  })

  it('include changes to keys, and new keys with their changes', () => {
    const key = (name: string) => ({ apiKeyId: ApiKeyId.parse(name), name, hash: name })
    const met = split(
      (world) => {
        world.command({ type: 'UpdateApiKey', apiKeyId: key('old').apiKeyId, changes: { limits: { concurrent: 2 } } })
        world.command({ type: 'CreateApiKey', apiKey: key('new') })
        world.command({ type: 'UpdateApiKey', apiKeyId: key('new').apiKeyId, changes: { name: 'newer' } })
      },
      () => undefined,
      (world) => world.command({ type: 'CreateApiKey', apiKey: key('old') }),
    )
    expect(met.other.state.apiKeys).toMatchObject({ old: { limits: { concurrent: 2 } }, new: { name: 'newer' } })
    expect(again(met)).toEqual([])
  })

  it('include deletions of unknown entities: another node may still bring the entity', () => {
    const met = split((world) => {
      world.declare('mine')
      remove(later(world), 'mine')
    })
    expect(Object.keys(met.other.state.retired ?? {})).toEqual(['mine'])
    expect(again(met)).toEqual([])
  })

  it('keep a name where it was given last, and all other changes on both sides', () => {
    const older = split(
      (world) => update(world, { name: 'writer', paused: true }),
      (world) => later(world).declare('theirs', { name: 'Writer' }),
    )
    expect(older.other.metaInstance(id('both'))).toMatchObject({ name: 'writer 2', paused: true })
    expect(again(older)).toEqual([])
    const newer = split(
      (world) => update(later(world), { name: 'writer', paused: true }),
      (world) => world.declare('theirs', { name: 'Writer' }),
    )
    expect(newer.other.metaInstance(id('both'))).toMatchObject({ name: 'writer', paused: true })
    expect(newer.other.metaInstance(id('theirs')).name).toBe('Writer 2')
    expect(again(newer)).toEqual([])
  })

  it('lose a name that is the id of a model on this side', () => {
    const modelId = ModelId.parse('m/new')
    const met = split(
      (world) => world.declare('mine', { name: modelId }),
      (world) => world.declare('theirs', { modelId }),
    )
    expect(met.other.metaInstance(id('mine')).name).toBe('m/new 2')
  })

  it('are merged with membership first, and removals win on both sides', () => {
    const admit = (name: string): Command => ({
      type: 'AdmitMember',
      member: { nodeId: NodeId.parse(name), certificate: name, friendlyName: name },
    })
    const { types, other } = split(
      (world) => {
        world.command({ type: 'RemoveMember', nodeId: NodeId.parse('a') })
        world.declare('mine')
        world.command(admit('c'))
      },
      (world) => world.command({ type: 'RemoveMember', nodeId: NodeId.parse('b') }),
    )
    expect(types).toEqual(['MemberRemoved', 'MemberAdmitted', 'MetaInstanceCreated'])
    expect(Object.keys(other.state.members)).toEqual(['c'])
  })

  it('include names given to machines, which survive the machines’ restarts', () => {
    const nodeId = NodeId.parse('a')
    const met = split((world) => world.command({ type: 'RenameMember', nodeId, friendlyName: 'Kitchen' }))
    const { other } = met
    const { certificate = '', ownName = '' } = other.state.members[nodeId] ?? {}
    other.command({ type: 'AdmitMember', member: { nodeId, certificate, friendlyName: ownName } })
    expect(other.state.members[nodeId]?.friendlyName).toBe('Kitchen')
    expect(again(met)).toEqual([])
  })

  it('include the newest value of each setting', () => {
    const set = (value: number): Command => ({ type: 'ChangeSetting', change: { key: 'maxRetries', value } })
    const { other } = split(
      (world) => [world.command(set(5)), later(later(world)).command(set(7))],
      (world) => later(world).command(set(6)),
    )
    expect(other.state.settings.maxRetries).toBe(7)
    expect(
      split(
        (world) => world.command(set(5)),
        (world) => later(world).command(set(6)),
      ).types,
    ).toEqual([])
  })

  it('are merged with their newest writes on a third side, which never had the part that the first two share', () => {
    const world = new World()
    world.addNode('a')
    const third = world.state
    world.declare('both')
    const second = world.state
    const since = world.log.length
    update(later(world), { paused: true })
    const fromSecond = declaredSince(second, world.state, world.log.slice(since)) ?? nothingUnmerged
    // It took over the second side's log, and separates from the third before anything is merged.
    const fromThird = declaredSince(third, second, world.log.slice(0, since)) ?? nothingUnmerged
    const unmerged = combined(fromSecond, fromThird)
    const [{ type, ...brought } = { type: undefined }] = decideMerge(third, unmerged)
    expect(type).toBe('MetaInstanceCreated')
    expect(brought).toMatchObject({ metaInstance: { metaInstanceId: 'both', paused: true } })
    expect(brought).toMatchObject({ origin: { fields: world.state.stamps?.['metaInstance both']?.fields } })
    // An entity that the second side removed in the meantime stays removed.
    expect(decideMerge(third, combined(fromSecond, nothingUnmerged))).toEqual([])
  })

  it('are reduced to declarations and keys if a machine joins another cluster', () => {
    const { own, other } = split((world) => {
      world.command({ type: 'ChangeSetting', change: { key: 'name', value: 'mine' } })
      world.command({ type: 'RemoveMember', nodeId: NodeId.parse('b') })
      world.declare('mine')
    })
    const cluster = new World()
    cluster.addNode('z')
    cluster.apply(
      ...decideMerge(cluster.state, carriedOver(declaredSince(cluster.state, own.state, own.log) ?? nothingUnmerged)),
    )
    expect(Object.keys(cluster.state.metaInstances).sort()).toEqual(['both', 'mine'])
    expect(Object.keys(cluster.state.members)).toEqual(['z'])
    expect(cluster.state.settings.name).toBe('Muster')
    expect(other.state.settings.name).toBe('mine')
  })
})
