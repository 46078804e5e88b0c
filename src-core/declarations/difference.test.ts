import { describe, expect, it } from 'vitest'
import { MetaInstanceId, ModelId } from '../ids'
import { SMALL, World } from '../testing/world'
import { compare, type Difference } from './difference'
import { DeclarationDocument, Prune } from './document'
import { toDocument } from './to-document'

const document = (name: string, rest: Record<string, unknown> = {}): DeclarationDocument =>
  DeclarationDocument.parse({ name, modelId: SMALL, ...rest })

const differences = (world: World, documents: DeclarationDocument[], prune?: Prune): readonly Difference[] => {
  const compared = compare(world.state, { documents, prune })
  if (compared.status === 'refused') throw new Error(compared.reason)
  return compared.differences
}

const applied = (world: World, documents: DeclarationDocument[], prune?: Prune) =>
  world.command({
    type: 'ApplyDeclarations',
    documents,
    metaInstanceIds: documents.map(({ name }) => MetaInstanceId.parse(`id-${name}`)),
    prune,
  })

const named = (world: World) =>
  Object.values(world.state.metaInstances).map(({ name, maxContext }) => ({ name, maxContext }))

describe('documents of declarations', () => {
  it('change nothing once they are true', () => {
    const world = new World()
    world.addNode('mini')
    const documents = [
      document('chat', { labels: { team: 'a' }, machines: ['mini'] }),
      document('code', { paused: true }),
    ]
    applied(world, documents)
    expect(differences(world, documents).map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged'])
    const from = world.log.length
    applied(world, documents)
    expect(world.log.length).toBe(from)
  })

  it('describe a declaration completely: an omitted field gets its default', () => {
    const world = new World()
    applied(world, [document('chat', { maxContext: 4096, owner: 'ada', labels: { a: '1' } })])
    expect(differences(world, [document('chat')])).toMatchObject([
      { kind: 'update', changes: { maxContext: null, owner: null, labels: null } },
    ])
  })

  it('of a declaration without a name are about that declaration, and make no other', () => {
    const world = new World()
    world.declare('plain')
    const written = Object.values(world.state.metaInstances).map((one) => toDocument(world.state, one))
    const read = written.map((one) => DeclarationDocument.parse(one))
    expect(differences(world, read)).toMatchObject([{ kind: 'unchanged' }])
    const prune = Prune.parse({ labels: { team: 'a' } })
    expect(differences(world, [document('plain', { labels: { team: 'a' } })], prune)).toMatchObject([
      { kind: 'update', metaInstanceId: 'plain', changes: { labels: { team: 'a' } } },
    ])
  })

  it('leave a pause unchanged unless they set it', () => {
    const world = new World()
    applied(world, [document('chat', { paused: true })])
    expect(differences(world, [document('chat')])).toMatchObject([{ kind: 'unchanged' }])
    expect(differences(world, [document('chat', { paused: false })])).toMatchObject([{ changes: { paused: false } }])
  })

  it('are applied together or not at all', () => {
    const world = new World()
    world.declare('other', { name: 'x' })
    const result = applied(world, [document('one'), document(SMALL)])
    expect(result).toMatchObject({ status: 'refused', refusal: { reason: expect.stringContaining(SMALL) as string } })
    expect(named(world)).toEqual([{ name: 'x', maxContext: undefined }])
  })

  it('name machines by name or id, and refuse unknown and ambiguous ones', () => {
    const world = new World()
    world.addNode('mini')
    expect(differences(world, [document('chat', { machines: ['MINI'] })])).toMatchObject([{ nodeIds: ['mini'] }])
    for (const machines of [['studio'], ['mini', 'mini']])
      expect(compare(world.state, { documents: [document('chat', { machines })] })).toMatchObject({ status: 'refused' })
  })

  it('with one name twice are refused', () => {
    expect(compare(new World().state, { documents: [document('chat'), document('Chat')] })).toMatchObject({
      status: 'refused',
      code: 'conflict',
    })
  })

  it('prune declarations that have the labels and no document, and free names before they are taken', () => {
    const world = new World()
    applied(world, [document('old', { labels: { team: 'a' } }), document('theirs', { labels: { team: 'b' } })])
    world.declare('plain', { name: 'plain' })
    applied(world, [document('new', { labels: { team: 'a' } })], Prune.parse({ labels: { team: 'a' } }))
    expect(named(world).map(({ name }) => name)).toEqual(['theirs', 'plain', 'new'])
    applied(world, [], Prune.parse({ labels: { team: 'a' }, keep: ['NEW'] }))
    expect(named(world).map(({ name }) => name)).toEqual(['theirs', 'plain', 'new'])
  })

  it('keep what was loaded on request', () => {
    const world = new World()
    const id = world.declare('asked', { onRequest: { idleSeconds: 5 }, name: 'chat' })
    applied(world, [document('chat')])
    expect(world.metaInstance(id)).not.toHaveProperty('onRequest')
  })
})

describe('a declaration as a document', () => {
  it('is equivalent, without defaults', () => {
    const world = new World()
    world.addNode('mini')
    const written = {
      name: 'chat',
      modelId: ModelId.parse('m/small'),
      machines: ['mini'],
      maxContext: 4096,
      owner: 'ada',
    }
    applied(world, [DeclarationDocument.parse(written)])
    const [declared] = Object.values(world.state.metaInstances)
    expect(declared && toDocument(world.state, declared)).toEqual(written)
  })
})
