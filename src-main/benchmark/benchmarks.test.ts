import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '@core/testing/eventually'
import type { Command } from '@core/commands/command'
import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { Instance } from '@core/state/instances'
import { GB, readyWorld, SMALL, smallCard } from '@core/testing/world'
import { Benchmarks, type Wanted } from './benchmarks'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-benchmarks-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

type Asked = Omit<ClientRequest, 'model'>

/** Each word of a prompt is a token; an answer has exactly `maxTokens`. */
async function* answers(request: Asked): AsyncGenerator<GenerationUpdate> {
  await Promise.resolve()
  const promptTokens = request.prompt.kind === 'text' ? request.prompt.text.split(' ').length : 0
  const completionTokens = request.countOnly ? 0 : (request.maxTokens ?? 0)
  for (let token = 0; token < completionTokens; token += 1)
    yield { type: 'delta', content: [{ channel: 'text', text: 'a' }], tokens: 1 }
  yield { type: 'finished', reason: 'length', usage: { promptTokens, cachedTokens: 0, completionTokens } }
}

/** Benchmarks on a machine with a ready model: the real core, with fakes for deciding and serving. */
const openBenchmarks = async (
  generate: (instance: Instance, request: Asked, signal: AbortSignal) => AsyncGenerator<GenerationUpdate>,
) => {
  const { world } = readyWorld()
  const listeners = new Set<() => void>()
  const commands: Command[] = []
  const benchmarks = await Benchmarks.open({
    dataDir,
    source: {
      state: () => world.state,
      subscribe: (event) => {
        listeners.add(event)
        return () => void listeners.delete(event)
      },
    },
    commands: {
      submit: async (command) => {
        await Promise.resolve()
        commands.push(command)
        const decided = world.command(command)
        if (decided.status === 'refused') return decided
        for (const { shards, readySince } of Object.values(world.state.instances))
          if (readySince === undefined)
            for (const { runnerId } of shards) world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
        for (const listener of listeners) listener()
        return { status: 'done' }
      },
    },
    generateOn: generate,
    log: { warn: () => undefined },
  })
  return { world, benchmarks, commands }
}

const wanted: Wanted = { model: 'chat', modelId: SMALL, card: { ...smallCard, contextLength: 4096 }, scope: 'here' }
const over = (benchmarks: Benchmarks) => eventually(() => expect(benchmarks.list()[0]?.state).not.toBe('running'))

describe('a benchmark', () => {
  it('measures one client, several, and the first token of every prompt that the model takes', async () => {
    const requests: Asked[] = []
    const { benchmarks } = await openBenchmarks((_instance, request) => {
      requests.push(request)
      return answers(request)
    })
    expect(benchmarks.start(wanted)).toMatchObject({ state: 'running', placements: [{ state: 'waiting' }] })
    await over(benchmarks)
    const [done] = benchmarks.list()
    expect(done).toMatchObject({ state: 'done', placements: [{ state: 'done', machines: [{ name: 'Mac Studio' }] }] })
    const figures = done?.placements[0]?.figures
    expect(figures?.oneClient).toBeGreaterThan(0)
    expect(figures?.severalClients?.clients).toBe(4)
    expect(figures?.firstToken.map(({ promptTokens }) => promptTokens)).toEqual([1024, 4032])
    // No two prompts share a prefix, so none is served from the prompt cache.
    const texts = requests.map(({ prompt }) => (prompt.kind === 'text' ? prompt.text.split(' ')[0] : ''))
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('everywhere places the model on other machines in turn, and removes it again', async () => {
    const measured: string[] = []
    const { world, benchmarks, commands } = await openBenchmarks((instance, request) => {
      measured.push(instance.shards.map(({ nodeId }) => nodeId).join())
      return answers(request)
    })
    world.addNode('MacBook Pro', { free: 20 * GB })
    benchmarks.start({ ...wanted, scope: 'everywhere' })
    await over(benchmarks)
    expect([...new Set(measured)]).toEqual(['Mac Studio', 'MacBook Pro'])
    expect(commands.map(({ type }) => type)).toEqual(['PlaceInstance', 'DeleteInstance'])
    expect(Object.values(world.state.instances)).toHaveLength(1)
  })

  it('reports why a placement failed and continues with the next', async () => {
    const { world, benchmarks } = await openBenchmarks(async function* (instance, request) {
      if (instance.metaInstanceId !== undefined)
        yield { type: 'failed', code: 'runner_failed', message: 'out of memory' }
      else yield* answers(request)
    })
    world.addNode('MacBook Pro', { free: 20 * GB })
    benchmarks.start({ ...wanted, scope: 'everywhere' })
    await over(benchmarks)
    expect(benchmarks.list()[0]).toMatchObject({
      state: 'done',
      placements: [{ state: 'failed', error: 'out of memory' }, { state: 'done' }],
    })
  })

  it('stops in the middle of an answer when cancelled, and another can start', async () => {
    const { benchmarks } = await openBenchmarks(async function* (_instance, request, signal) {
      if (!request.countOnly && !signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      yield* answers(request)
    })
    benchmarks.start(wanted)
    expect(benchmarks.start(wanted)).toBeUndefined()
    await eventually(() => expect(benchmarks.list()[0]?.placements[0]?.step).toMatchObject({ clients: 1 }))
    await benchmarks.cancel()
    expect(benchmarks.list()[0]).toMatchObject({ state: 'cancelled', placements: [{ state: 'cancelled' }] })
    expect(benchmarks.start(wanted)).toBeDefined()
    await benchmarks.close()
  })

  it('survives a restart; a damaged file is replaced', async () => {
    const { benchmarks } = await openBenchmarks((_instance, request) => answers(request))
    benchmarks.start(wanted)
    await over(benchmarks)
    await benchmarks.close()
    const again = await openBenchmarks((_instance, request) => answers(request))
    expect(again.benchmarks.list()).toEqual(benchmarks.list())
    writeFileSync(join(dataDir, 'benchmarks.json'), '[{"')
    expect((await openBenchmarks((_instance, request) => answers(request))).benchmarks.list()).toEqual([])
  })
})
