import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { GB, SMALL, smallCard, World } from '@core/testing/world'
import type { CatalogueModel } from '@core/protocols/models'
import { found, shortened, paletteGroups, type PaletteGroup } from './palette-commands'

const model: CatalogueModel = {
  modelId: SMALL,
  title: 'Small Model',
  source: 'muster',
  starter: false,
  path: '/m',
  card: { ...smallCard, storageBytes: 4 * GB },
}

const titles = (groups: readonly PaletteGroup[]): string[] =>
  groups.flatMap(({ commands }) => commands.map(({ title }) => title))

const groups = (more: { paused?: boolean; machines?: number; problem?: string } = {}) => {
  const world = new World()
  for (let at = 0; at < (more.machines ?? 1); at += 1) world.addNode(`Mac ${at}`)
  world.declare('chat', { modelId: SMALL, name: 'chat', paused: more.paused ?? false })
  const { problem } = more
  return paletteGroups({ state: world.state, models: [{ ...model, ...(problem && { problem }) }], host: 'mac' })
}

describe('the command palette', () => {
  it('has every page, the actions on each model, and the app’s own commands', () => {
    expect(titles(groups())).toEqual(
      expect.arrayContaining([
        'Settings',
        'Chat with chat',
        'Pause chat',
        'Launch Small Model',
        'Set up this Mac…',
        'Dark colors',
      ]),
    )
  })

  it('offers only what is possible now', () => {
    expect(titles(groups({ paused: true }))).not.toContain('Chat with chat')
    expect(titles(groups({ paused: true }))).toContain('Resume chat')
    expect(titles(groups({ problem: 'damaged' }))).not.toContain('Launch Small Model')
    expect(titles(groups({ machines: 1 }))).not.toContain('Check connections…')
    expect(titles(groups({ machines: 2 }))).toContain('Check connections…')
  })

  it('searches by all words, in any order and case', () => {
    expect(titles(found(groups(), 'model LAUNCH small'))).toEqual(['Launch Small Model'])
    expect(found(groups(), 'no such thing')).toEqual([])
    expect(titles(found(groups(), '  '))).toEqual(titles(groups()))
  })

  it('draws a bounded number of commands, and says how many more match', () => {
    const many = Array.from({ length: 500 }, (_none, at) => ({
      ...model,
      modelId: ModelId.parse(`m/model-${at}`),
      title: `Model ${at}`,
    }))
    const state = new World().state
    const shown = (search: string) =>
      shortened(found(paletteGroups({ state, models: many, host: 'mac' }), search)).filter(({ commands }) =>
        commands.some(({ id }) => id.startsWith('launch m/')),
      )
    expect(shown('').map(({ commands, more }) => [commands.length, more])).toEqual([[40, 460]])
    expect(shown('model 499').map(({ commands, more }) => [commands.map(({ title }) => title), more])).toEqual([
      [['Launch Model 499'], 0],
    ])
  })

  it('has no two commands with the same id', () => {
    const ids = groups({ machines: 2 }).flatMap(({ commands }) => commands.map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
  })
})
