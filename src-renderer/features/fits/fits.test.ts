import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MetaInstanceId, ModelId, TaskId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import { GB, smallCard, World } from '@core/testing/world'
import { plainFit } from './fit'
import { fitText } from './fit-text'
import type { FitFinder } from './fit-worker'
import { Fits } from './fits.svelte'
import { applied, initialState, spaceOf, type FitAnswer, type FitQuestion } from './fits-protocol'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A fake worker that answers synchronously and records the questions. */
const finder = () => {
  const asked: FitQuestion[] = []
  let state = initialState()
  const begin = (answered: (answer: FitAnswer) => void): FitFinder => ({
    ask: (question) => {
      // Only data passes to a worker.
      const { version, changes, cards, mayEnd } = structuredClone(question)
      asked.push(question)
      state = applied(state, changes)
      const space = spaceOf(state, { mayEnd })
      for (const card of cards) answered({ version, modelId: card.modelId, fit: plainFit(space, card) })
    },
    close: () => undefined,
  })
  return { asked, begin }
}

const cards = Array.from({ length: 500 }, (_none, at): ModelCard => ({
  ...smallCard,
  modelId: ModelId.parse(`m/model-${at}`),
  storageBytes: (1 + at) * GB,
}))

const text = (fit: ReturnType<typeof plainFit>) => fit && fitText(fit)

describe('predictions for models in view', () => {
  const cluster = () => {
    const world = new World()
    world.addNode('mini', { bandwidth: 400e9 })
    world.addNode('Mac Studio', { bandwidth: 800e9 })
    const { asked, begin } = finder()
    return { world, asked, fits: new Fits({ state: () => world.state, finder: begin }) }
  }

  it('are requested for visible models, and not again without a change', () => {
    const { fits, asked } = cluster()
    fits.show(cards.slice(0, 12))
    expect(text(fits.of('m/model-3'))).toBe('on Mac Studio · about 145 tokens/s')
    fits.show(cards.slice(2, 14))
    fits.show(cards.slice(0, 12))
    vi.advanceTimersByTime(60_000)
    expect(asked.map((question) => question.cards.length)).toEqual([12, 2])
    expect(fits.of('m/model-400')).toBeUndefined()
    fits.close()
  })

  it('are updated within seconds of a change, by sending only the change', () => {
    const { world, fits, asked } = cluster()
    fits.show(cards.slice(0, 3))
    const studio = Object.values(world.state.nodes).find(({ nodeId }) => nodeId === 'Mac Studio')
    if (!studio) throw new Error('no studio')
    world.apply({ type: 'NodeTimedOut', nodeId: studio.nodeId })
    vi.advanceTimersByTime(2000)
    expect(asked.at(-1)?.changes).toEqual({ nodes: { 'Mac Studio': null } })
    expect(text(fits.of('m/model-2'))).toContain('fits · about')
    fits.close()
  })

  it('say what ends for a model, and change with what is asked for it', () => {
    const { world, fits } = cluster()
    for (const name of ['a', 'b']) {
      const modelId = ModelId.parse(`m/${name}`)
      world.cards[modelId] = { status: 'loaded', card: { ...smallCard, modelId, storageBytes: 40 * GB } }
      world.declare(name, { modelId, name, onRequest: { idleSeconds: 300 } })
      world.reconcile()
      const [instance] = Object.values(world.state.instances).filter((one) => one.modelId === modelId)
      for (const { runnerId } of instance?.shards ?? [])
        world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
    }
    fits.show(cards.slice(19, 20))
    expect(text(fits.of('m/model-19'))).toContain('a ends for it')
    const instanceId = world.instance(MetaInstanceId.parse('a')).instanceId
    const task = { taskId: TaskId.parse('task'), instanceId, kind: 'generation', createdAt: world.now } as const
    world.wait(120_000).apply({ type: 'TaskCreated', task: { ...task, status: 'Running' } })
    vi.advanceTimersByTime(2000)
    expect(text(fits.of('m/model-19'))).toContain('b ends for it')
    fits.close()
  })

  it('are not requested while no model is visible', () => {
    const { world, fits, asked } = cluster()
    fits.show(cards.slice(0, 3))
    fits.show([])
    world.addNode('third')
    vi.advanceTimersByTime(60_000)
    expect(asked).toHaveLength(1)
    fits.show(cards.slice(0, 1))
    expect(Object.keys(asked.at(-1)?.changes ?? {}).sort()).toEqual(['members', 'nodes'])
    fits.close()
  })
})
