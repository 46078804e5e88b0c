import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { readyWorld, SMALL, smallCard } from '@core/testing/world'
import { chatModelOf, chosenPartner, partnerAgain, partnersOf, readerOf } from './partners'

const onDisk = (id: string): CatalogueModel => {
  const modelId = ModelId.parse(id)
  return { modelId, title: id, source: 'muster', starter: false, path: '/', card: { ...smallCard, modelId } }
}

describe('models to talk to', () => {
  it('start with those that answer at once', () => {
    const { world } = readyWorld()
    world.declare('sleeping', { paused: true, name: 'sleeper' })
    const other = world.declare('other', { name: 'helper' })
    world.reconcile()
    world.report(other, { status: 'Ready' })
    expect(partnersOf(world.state).map(({ name, ready }) => [name, ready])).toEqual([
      ['small', true],
      ['helper', true],
      ['sleeper', false],
    ])
  })

  it('are offered by name, with their status in the user’s words where they do not answer at once', () => {
    const { world } = readyWorld()
    world.declare('impossible', { minNodes: 4 })
    world.declare('sleeping', { paused: true, name: 'sleeper' })
    world.reconcile()
    expect(partnersOf(world.state, [onDisk('m/other')]).map(({ offer }) => offer)).toEqual([
      'small',
      'small · Can’t place yet',
      'sleeper · Paused',
      'm/other · not running',
    ])
  })

  it('exclude embedding models', () => {
    const { world } = readyWorld()
    expect(partnersOf(world.state, [{ ...onDisk(SMALL), card: { ...smallCard, kind: 'embedding' } }])).toEqual([])
  })

  it('are known to read pictures, or not, if a reachable machine has their files', () => {
    const { world } = readyWorld()
    const eyes = onDisk('m/eyes')
    const catalogue = [{ ...eyes, card: { ...eyes.card, vision: true } }, onDisk('m/blind')]
    const partners = partnersOf(world.state, catalogue)
    expect(partners.map(({ modelId, sees }) => [modelId, sees])).toEqual([
      [SMALL, undefined],
      ['m/eyes', true],
      ['m/blind', false],
    ])
    expect(readerOf('blind', partners[2], partners)).toEqual({ name: 'blind', sees: false, seeing: ['m/eyes'] })
  })

  it('are found by id or by name, and else the first is taken', () => {
    const { world } = readyWorld()
    world.declare('loading', { name: 'helper' })
    const partners = partnersOf(world.state)
    const chosen = (named: string | undefined, latest?: string, complete = true) =>
      chosenPartner(partners, { named, latest, complete })?.id
    expect(chosen('loading')).toBe('loading')
    expect(chosen('helper')).toBe('loading')
    expect(chosen(undefined, 'loading')).toBe('loading')
    expect(chosen('chat', 'loading')).toBe('chat')
    expect(chosen('gone')).toBe('chat')
    expect(chosenPartner([], { named: undefined, latest: undefined, complete: true })).toBeUndefined()
    // More may be there than is known.
    expect(chosen('helper', undefined, false)).toBe('loading')
    expect(chosen('gone', undefined, false)).toBeUndefined()
    world.declare('other', { modelId: ModelId.parse('m/other') })
    const all = { named: 'm/other', latest: undefined, complete: true }
    expect(chosenPartner(partnersOf(world.state), all)?.id).toBe('other')
  })

  it('include instances without a declaration, by their model', () => {
    const { world, id } = readyWorld()
    const { metaInstanceId: _unbound, ...loose } = world.instance(id)
    world.state = { ...world.state, metaInstances: {}, instances: { [loose.instanceId]: loose } }
    expect(partnersOf(world.state)).toMatchObject([{ id: 'm/small', ready: true, metaInstanceId: undefined }])
  })

  it('include models that are only on a disk, last, except those that cannot run', () => {
    const { world } = readyWorld()
    const found = partnersOf(world.state, [
      onDisk('m/other'),
      { ...onDisk('m/damaged'), problem: 'config.json is missing' },
      onDisk(SMALL),
    ])
    expect(found.map(({ id, kind, offer }) => [id, kind, offer])).toEqual([
      ['chat', 'declared', 'small'],
      ['m/other', 'disk', 'm/other · not running'],
    ])
  })

  it('continue a conversation after a new declaration of the model, and are missing if no machine has the model', () => {
    const { world } = readyWorld()
    const before = { id: 'deleted', name: 'old', modelId: SMALL }
    const partners = partnersOf(world.state, [onDisk('m/other')])
    expect(partnerAgain(partners, before)?.id).toBe('chat')
    expect(partnerAgain(partners, { ...before, modelId: 'm/other' })).toMatchObject({ kind: 'disk' })
    expect(partnerAgain(partners, { ...before, modelId: 'm/gone' })).toBeUndefined()
    expect(partners.map(chatModelOf)[0]).toEqual({ id: 'chat', name: 'small', modelId: SMALL })
  })
})
