import { describe, expect, it } from 'vitest'
import { InstanceId, ModelId, NodeId, TaskId } from '../ids'
import type { Benchmark } from '../protocols/benchmark'
import { GB, readyWorld, SMALL, smallCard } from '../testing/world'
import { english } from '../texts/translator'
import { benchmarkTexts } from './benchmark-text'
import { benchmarkPlan, plannedPlacements } from './placements'
import { promptOf, promptSizes, wordsFor } from './prompts'

describe('the prompts of a benchmark', () => {
  it('are of the sizes that the model takes, and never twice the same size', () => {
    expect(promptSizes(undefined)).toEqual([1024, 8192])
    expect(promptSizes(8192)).toEqual([1024, 8128])
    expect(promptSizes(1024)).toEqual([960])
    expect(promptSizes(32)).toEqual([])
  })

  it('have a unique start, and as many words as the sample implies', () => {
    expect(promptOf(3, 'first').split(' ')).toHaveLength(3)
    expect(promptOf(3, 'first')).not.toBe(promptOf(3, 'second'))
    expect(wordsFor(1000, { words: 100, tokens: 200 })).toBe(500)
    expect(wordsFor(1, { words: 1, tokens: 0 })).toBe(1)
  })
})

describe('the placements of a benchmark', () => {
  it('are those that serve, and everywhere also those that could, each once', () => {
    const { world } = readyWorld()
    world.addNode('MacBook Pro', { free: 20 * GB })
    world.addNode('Old Mac', { free: 1 * GB })
    const here = plannedPlacements(world.state, SMALL, smallCard, 'here')
    expect(here.map(({ nodeIds, instance }) => [nodeIds, instance !== undefined])).toEqual([[['Mac Studio'], true]])
    const everywhere = plannedPlacements(world.state, 'chat', smallCard, 'everywhere')
    expect(everywhere.map(({ nodeIds }) => nodeIds)).toEqual([['Mac Studio'], ['MacBook Pro']])
    expect(benchmarkPlan(world.state, everywhere).disturbs).toEqual({ serving: true, requests: 0, loads: 1 })
  })

  it('report how many requests they disturb', () => {
    const { world } = readyWorld()
    const [instance] = Object.values(world.state.instances)
    const instanceId = instance?.instanceId ?? InstanceId.parse('none')
    const task = { taskId: TaskId.parse('t'), instanceId, kind: 'generation', status: 'Running', createdAt: 1 } as const
    world.apply({ type: 'TaskCreated', task })
    const planned = plannedPlacements(world.state, SMALL, smallCard, 'here')
    expect(benchmarkPlan(world.state, planned).disturbs).toEqual({ serving: true, requests: 1, loads: 0 })
  })
})

it('a benchmark has a text for sharing, including what was not measured', () => {
  const machine = (name: string) => ({ nodeId: NodeId.parse(name), name })
  const benchmark: Benchmark = {
    benchmarkId: 'b',
    model: 'chat',
    modelId: ModelId.parse('m/small'),
    scope: 'everywhere',
    startedAt: Date.parse('2026-03-04T12:00:00Z'),
    state: 'done',
    placements: [
      {
        machines: [machine('Mac Studio'), machine('MacBook Pro')],
        sharding: 'Tensor',
        instanceMeta: 'MlxJaccl',
        state: 'done',
        figures: {
          oneClient: 41.4,
          severalClients: { clients: 4, tokensPerSecond: 120.2 },
          firstToken: [{ promptTokens: 8128, milliseconds: 2340 }],
        },
      },
      {
        machines: [machine('Mac mini')],
        sharding: 'Pipeline',
        instanceMeta: 'MlxRing',
        state: 'failed',
        error: 'out of memory',
        figures: { firstToken: [] },
      },
    ],
  }
  expect(benchmarkTexts(english).report(benchmark)).toBe(
    [
      'chat (m/small), 2026-03-04 12:00 UTC',
      '- Mac Studio + MacBook Pro, Tensor over RDMA',
      '    41 tokens/s for 1 client',
      '    120 tokens/s for 4 clients together',
      '    first token after 2.3 s of a prompt of 8,128 tokens',
      '- Mac mini',
      '    not measured: out of memory',
    ].join('\n'),
  )
})
