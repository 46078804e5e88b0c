import { describe, expect, it } from 'vitest'
import { TaskId } from '../ids'
import { waitingForDraft } from '../testing/waiting-for-draft'
import { GB, readyWorld, SMALL, smallCard, World } from '../testing/world'
import { coded } from '../texts/coded'
import { english, loadTranslator } from '../texts/translator'
import { declarationLines } from './declaration-lines'

/** A world with a declaration that is placed and not ready, on a machine whose name is in no language. */
const placed = () => {
  const world = new World()
  const nodeId = world.addNode('XQ-1')
  const id = world.declare()
  world.reconcile()
  return { world, nodeId, id }
}

const answering = () => {
  const { world, id } = readyWorld()
  const { instanceId } = world.instance(id)
  for (const [at, tokensPerSecond] of [30, 40, undefined].entries()) {
    const taskId = TaskId.parse(`t${at}`)
    const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: world.now } as const
    world.apply({ type: 'TaskCreated', task })
    if (tokensPerSecond !== undefined)
      world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete', measured: { tokensPerSecond } })
  }
  return { world, id }
}

const downloading = (status: 'Ongoing' | 'Failed') => {
  const { world, nodeId, id } = placed()
  world.report(id, { status: 'Downloading' })
  const why = { error: 'the disk is full', coded: coded('failures.diskFull') }
  const figures = { downloadedBytes: 3.1 * GB, totalBytes: 8 * GB, bytesPerSecond: 92e6 }
  const download = { status, ...figures, ...(status === 'Failed' && why) }
  world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download })
  return { world, id }
}

/** The model is there; its draft model is not. */
const downloadingDraft = (status: 'Ongoing' | 'Failed') => {
  const { world, nodeId, id, draftModelId } = waitingForDraft('XQ-1')
  const why = { error: 'the disk is full', coded: coded('failures.diskFull') }
  const figures = {
    downloadedBytes: 0.5 * GB,
    totalBytes: GB,
    ...(status === 'Failed' ? why : { bytesPerSecond: 50e6 }),
  }
  world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: draftModelId, download: { status, ...figures } })
  return { world, id }
}

/** Ready on a machine that is drained, and half loaded on another. */
const moving = () => {
  const { world, nodeId, id } = placed()
  world.report(id, { status: 'Ready' })
  world.addNode('XQ-2')
  world.command({ type: 'DrainMember', nodeId, drained: true })
  world.reconcile()
  const coming = Object.values(world.state.instances).find(({ replaces }) => replaces !== undefined)
  for (const { runnerId } of coming?.shards ?? [])
    world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Loading', layersLoaded: 16, layers: 32 })
  return { world, id }
}

const conditions = {
  'is placed': () => {
    const world = new World()
    return { world, id: world.declare('chat', { minNodes: 2 }) }
  },
  'cannot be placed': () => {
    const world = new World()
    world.addNode('XQ-1', { free: GB })
    const id = world.declare()
    world.reconcile()
    return { world, id }
  },
  'is downloaded': () => downloading('Ongoing'),
  'is downloaded again after a failure': () => downloading('Failed'),
  'has its model and waits for the draft model': () => downloadingDraft('Ongoing'),
  'has its model and not the draft model, after a failure': () => downloadingDraft('Failed'),
  'is connected': placed,
  'is loaded': () => {
    const { world, id } = placed()
    return { world: world.report(id, { status: 'Loading', layersLoaded: 8, layers: 32 }), id }
  },
  'warms up': () => {
    const { world, id } = placed()
    return { world: world.report(id, { status: 'WarmingUp' }), id }
  },
  'is ready': readyWorld,
  answers: answering,
  'is retried': () => {
    const { world, id } = placed()
    world.report(id, { status: 'Failed', errorMessage: 'out of memory', coded: coded('failures.outOfMemory') })
    world.reconcile()
    return { world, id }
  },
  'moves away from a drained machine': moving,
  'is paused': () => {
    const world = new World()
    return { world, id: world.declare('chat', { paused: true }) }
  },
}

const said = (
  { world, id }: { readonly world: World; readonly id: Parameters<World['metaInstance']>[0] },
  to = english,
) => {
  const lines = declarationLines(to)
  const declared = world.metaInstance(id)
  const failure = lines.failure(declared)
  const line = lines.declaration(world.state, declared, { now: world.now, card: smallCard })
  const move = lines.move(world.state, declared)
  return [line, move, failure].filter((part) => part !== undefined)
}

describe('how a declaration is', () => {
  it.each([
    ['is placed', ['Pipeline over at least 2 machines · looking for 4.0 GB']],
    ['cannot be placed', ['XQ-1 has 1 GB free, the model needs 4 GB']],
    ['is downloaded', ['3.1 of 8.0 GB · 92 MB/s · 53 s left']],
    ['has its model and waits for the draft model', ['8.5 of 9.0 GB · 50 MB/s · 10 s left']],
    ['is loaded', ['Loading layers 8 of 32 on XQ-1']],
    ['is ready', ['No requests']],
    ['answers', ['35 tokens/s · 1 request']],
    ['is retried', ['Starting on XQ-1', 'XQ-1: out of memory']],
    ['moves away from a drained machine', ['No requests', 'Moving to XQ-2 · 50 %']],
  ] as const)('where it %s', (condition, lines) => {
    expect(said(conditions[condition]())).toEqual(lines)
  })

  it('names the machines that serve it, and not the one that it moves to', () => {
    const { world, id } = moving()
    expect(declarationLines(english).machines(world.state, world.metaInstance(id))).toBe('XQ-1')
  })

  it('is replaced in place after a change that keeps its machines', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { maxContext: 4096 } })
    world.reconcile()
    expect(said({ world, id })).toEqual(['No requests', 'Being replaced on Mac Studio · 0 %'])
  })

  it.each(Object.keys(conditions) as (keyof typeof conditions)[])(
    'is said without a word of English to whoever reads another language, where it %s',
    async (condition) => {
      const subject = conditions[condition]()
      const known = /XQ-1|XQ-2|Mac Studio|Pipeline|GB|MB|token/g
      expect(
        said(subject, await loadTranslator('zh-Hans'))
          .join(' ')
          .replaceAll(known, ''),
      ).not.toMatch(/[a-z]{2}/i)
      const german = said(subject, await loadTranslator('de'))
      for (const [at, line] of said(subject).entries()) expect(german[at]).not.toBe(line)
    },
  )
})
