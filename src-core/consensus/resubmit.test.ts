import { describe, expect, it } from 'vitest'
import type { Command } from '../commands/command'
import { ApiKeyId, MetaInstanceId, ModelId, NodeId } from '../ids'
import { World } from '../testing/world'
import { resubmissions } from './resubmit'

const id = (name: string): MetaInstanceId => MetaInstanceId.parse(name)

/** Two sides that part with two machines and a declaration, and meet again after each has done something. */
const split = (
  loser: (world: World) => void,
  winner: (world: World) => void = () => undefined,
  before: (world: World) => void = () => undefined,
) => {
  const [one, other] = [new World(), new World()]
  for (const world of [one, other]) {
    world.addNode('a')
    world.addNode('b')
    world.declare('both', { name: 'chat' })
    before(world)
  }
  const common = one.state
  const since = one.log.length
  loser(one)
  winner(other)
  const commands = resubmissions({ common, decided: one.log.slice(since), own: one.state, winner: other.state })
  for (const command of commands) other.command(command)
  return {
    commands,
    winner: other,
    again: () => resubmissions({ common, decided: one.log.slice(since), own: one.state, winner: other.state }),
  }
}
const types = (commands: readonly Command[]): string[] => commands.map(({ type }) => type)

describe('what the losing side of a split submits again', () => {
  it('is nothing where nobody told it anything, whatever it placed or lost', () => {
    const { commands } = split((world) => {
      world.reconcile()
      world.fail(id('both'))
      world.reconcile()
    })
    expect(commands).toEqual([])
  })

  it('is what was declared, changed and deleted there, once', () => {
    const { winner, again } = split(
      (world) => {
        world.declare('mine', { name: 'writer', minNodes: 2, maxContext: 1024 })
        world.command({ type: 'UpdateMetaInstance', metaInstanceId: id('both'), changes: { paused: true } })
        world.declare('short-lived')
        world.command({ type: 'DeleteMetaInstance', metaInstanceId: id('short-lived') })
      },
      (world) => world.declare('theirs'),
    )
    expect(Object.keys(winner.state.metaInstances).sort()).toEqual(['both', 'mine', 'theirs'])
    expect(winner.metaInstance(id('mine'))).toMatchObject({ name: 'writer', minNodes: 2, maxContext: 1024 })
    expect(winner.metaInstance(id('both')).paused).toBe(true)
    expect(types(again()).filter((type) => type === 'CreateMetaInstance')).toEqual([])
  })

  it('deletes what was deleted there, and does not bring back what was deleted here', () => {
    const deleted = split((world) => world.command({ type: 'DeleteMetaInstance', metaInstanceId: id('both') }))
    expect(deleted.winner.state.metaInstances).toEqual({})
    const changed = split(
      (world) => world.command({ type: 'UpdateMetaInstance', metaInstanceId: id('both'), changes: { paused: true } }),
      (world) => world.command({ type: 'DeleteMetaInstance', metaInstanceId: id('both') }),
    )
    expect(changed.commands).toEqual([])
  })

  it('is nothing of what was loaded on request there, but for what somebody kept or deleted', () => {
    const ask = (world: World, name: string) =>
      world.declare(name, { modelId: ModelId.parse(`m/${name}`), onRequest: { idleSeconds: 1 } })
    const keep = (world: World, name: string) =>
      world.command({
        type: 'UpdateMetaInstance',
        metaInstanceId: id(name),
        changes: { onRequest: null, pinned: null },
      })
    const end = (world: World, name: string) =>
      world.apply({ type: 'MetaInstanceDeleted', metaInstanceId: id(name), cause: 'idle' })
    const before = (world: World) => {
      for (const name of ['kept-here', 'kept-there', 'deleted']) ask(world, name)
    }
    const { commands, winner } = split(
      (world) => {
        ask(world, 'new')
        ask(world, 'new-and-kept')
        keep(world, 'new-and-kept')
        keep(world, 'kept-here')
        end(world, 'kept-there')
        world.command({ type: 'DeleteMetaInstance', metaInstanceId: id('deleted') })
      },
      (world) => {
        end(world, 'kept-here')
        keep(world, 'kept-there')
      },
      before,
    )
    expect(types(commands).sort()).toEqual(['CreateMetaInstance', 'CreateMetaInstance', 'DeleteMetaInstance'])
    expect(Object.keys(winner.state.metaInstances).sort()).toEqual(['both', 'kept-here', 'kept-there', 'new-and-kept'])
    expect(winner.metaInstance(id('kept-here'))).not.toHaveProperty('onRequest')
  })

  it('does not bring back what another one of that side brought already, and somebody removed since', () => {
    const apiKey = { apiKeyId: ApiKeyId.parse('k'), name: 'ci', hash: 'x' }
    const member = { nodeId: NodeId.parse('c'), certificate: 'c', friendlyName: 'c' }
    const { commands, winner, again } = split((world) => {
      world.declare('mine')
      world.command({ type: 'AdmitMember', member })
      world.command({ type: 'CreateApiKey', apiKey })
    })
    expect(again()).toEqual([])
    winner.command({ type: 'DeleteMetaInstance', metaInstanceId: id('mine') })
    winner.command({ type: 'RemoveMember', nodeId: member.nodeId })
    winner.command({ type: 'RevokeApiKey', apiKeyId: apiKey.apiKeyId })
    expect(again()).toEqual([])
    // Nor does what was on its way already when it was removed.
    for (const command of commands) winner.command(command)
    expect(winner.state.metaInstances).not.toHaveProperty('mine')
    expect(winner.state.apiKeys).toEqual({})
    expect(winner.state.members).not.toHaveProperty('c')
    winner.command({ type: 'AdmitMember', member })
    expect(Object.keys(winner.state.retired ?? {}).sort()).toEqual(['k', 'mine'])
  })

  it('brings what was changed of keys, and of keys that were made there with their changes', () => {
    const key = (name: string) => ({ apiKeyId: ApiKeyId.parse(name), name, hash: name })
    const { winner, again } = split(
      (world) => {
        world.command({ type: 'UpdateApiKey', apiKeyId: key('old').apiKeyId, changes: { limits: { concurrent: 2 } } })
        world.command({ type: 'CreateApiKey', apiKey: key('new') })
        world.command({ type: 'UpdateApiKey', apiKeyId: key('new').apiKeyId, changes: { name: 'newer' } })
      },
      () => undefined,
      (world) => world.command({ type: 'CreateApiKey', apiKey: key('old') }),
    )
    expect(winner.state.apiKeys).toMatchObject({ old: { limits: { concurrent: 2 } }, new: { name: 'newer' } })
    expect(again()).toEqual([])
  })

  it('tells of what was deleted there even where nobody has heard of it yet: another node may still bring it', () => {
    const { winner, commands, again } = split((world) => {
      world.declare('mine')
      world.command({ type: 'DeleteMetaInstance', metaInstanceId: id('mine') })
    })
    expect(commands).toEqual([{ type: 'DeleteMetaInstance', metaInstanceId: id('mine'), lasting: true }])
    expect(Object.keys(winner.state.retired ?? {})).toEqual(['mine'])
    expect(again()).toEqual([])
  })

  it('keeps a declaration whose name was given away meanwhile', () => {
    const { winner } = split(
      (world) => world.declare('mine', { name: 'writer' }),
      (world) => world.declare('theirs', { name: 'writer' }),
    )
    expect(winner.metaInstance(id('mine')).name).toBe('writer 2')
  })

  it('keeps every other change of a declaration whose new name was given away meanwhile', () => {
    const { winner } = split(
      (world) => {
        const changes = { name: 'writer', paused: true }
        world.command({ type: 'UpdateMetaInstance', metaInstanceId: id('both'), changes })
      },
      (world) => world.declare('theirs', { name: 'Writer' }),
    )
    expect(winner.metaInstance(id('both'))).toMatchObject({ name: 'writer 2', paused: true })
  })

  it('keeps a declaration of a model whose id was given away as a name, and one whose name is a model there', () => {
    const m = ModelId.parse('m/new')
    const model = split(
      (world) => world.declare('mine', { modelId: m }),
      (world) => world.declare('theirs', { name: m }),
    )
    expect(model.winner.metaInstance(id('mine')).modelId).toBe(m)
    const name = split(
      (world) => world.declare('mine', { name: m }),
      (world) => world.declare('theirs', { modelId: m }),
    )
    expect(name.winner.metaInstance(id('mine')).name).toBe('m/new 2')
  })

  it('brings membership first, and removals win on both sides', () => {
    const admit = (name: string): Command => ({
      type: 'AdmitMember',
      member: { nodeId: NodeId.parse(name), certificate: name, friendlyName: name },
    })
    const { commands, winner } = split(
      (world) => {
        world.command({ type: 'RemoveMember', nodeId: NodeId.parse('a') })
        world.declare('mine')
        world.command(admit('c'))
      },
      (world) => world.command({ type: 'RemoveMember', nodeId: NodeId.parse('b') }),
    )
    expect(types(commands)).toEqual(['RemoveMember', 'AdmitMember', 'CreateMetaInstance'])
    expect(Object.keys(winner.state.members)).toEqual(['c'])
  })

  it('brings names that people gave to machines, which these keep when they start again', () => {
    const nodeId = NodeId.parse('a')
    const { commands, winner, again } = split((world) =>
      world.command({ type: 'RenameMember', nodeId, friendlyName: 'Kitchen' }),
    )
    expect(commands).toEqual([{ type: 'RenameMember', nodeId, friendlyName: 'Kitchen' }])
    const { certificate = '', ownName = '' } = winner.state.members[nodeId] ?? {}
    winner.command({ type: 'AdmitMember', member: { nodeId, certificate, friendlyName: ownName } })
    expect(winner.state.members[nodeId]?.friendlyName).toBe('Kitchen')
    expect(again()).toEqual([])
  })

  it('is the last word on each setting', () => {
    const set = (value: number): Command => ({ type: 'ChangeSetting', change: { key: 'maxRetries', value } })
    const { commands, winner } = split((world) => {
      world.command(set(5))
      world.command(set(7))
    })
    expect(commands).toEqual([set(7)])
    expect(winner.state.settings.maxRetries).toBe(7)
  })
})
