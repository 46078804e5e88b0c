import { describe, expect, it } from 'vitest'
import type { MetaInstanceId } from '@core/ids'
import { GB, readyWorld, SMALL, smallCard, World } from '@core/testing/world'
import { cardOf, looseInstances, looseView } from './card'
import { failureNote } from './failure'

const card = (world: World, id: MetaInstanceId) =>
  cardOf(world.state, world.metaInstance(id), { now: world.now, card: smallCard })

const placed = () => {
  const world = new World()
  const nodeId = world.addNode('Mac Studio')
  const id = world.declare()
  world.reconcile()
  return { world, nodeId, id }
}

describe('a card', () => {
  it('says what is being looked for while there is no placement', () => {
    const world = new World()
    const id = world.declare('chat', { minNodes: 2 })
    expect(card(world, id)).toMatchObject({
      machineWord: 'PLACING',
      word: 'Placing',
      tone: 'waiting',
      line: 'Pipeline over at least 2 machines · looking for 4.0 GB',
    })
  })

  it('shows how many layers are loaded on which machine, and the progress', () => {
    const { world, id } = placed()
    world.report(id, { status: 'Loading', layersLoaded: 8, layers: 32 })
    expect(card(world, id)).toMatchObject({
      word: 'Loading',
      tone: 'working',
      line: 'Loading layers 8 of 32 on Mac Studio',
      progress: 0.25,
      machines: [{ name: 'Mac Studio', status: 'layer 8 of 32', bytes: 4 * GB }],
    })
  })

  it('with replicas says how many serve, and shows the machines of all', () => {
    const world = new World()
    for (const name of ['Mac Studio', 'MacBook Pro']) world.addNode(name)
    const id = world.declare('busy', { replicas: 3 })
    for (let passes = 0; passes < 4; passes += 1) world.reconcile()
    world.report(id, { status: 'Ready' })
    expect(card(world, id)).toMatchObject({
      word: 'Ready',
      line: '1 of 3 ready · No requests',
      missing: expect.stringContaining('each replica needs machines of its own') as string,
    })
    expect(
      card(world, id)
        .machines.map(({ name }) => name)
        .sort(),
    ).toEqual(['Mac Studio', 'MacBook Pro'])
  })

  it('outside its hours says until when, and shows no machine', () => {
    const world = new World()
    world.addNode('Mac Studio')
    const id = world.declare('office', { hours: [{ from: '09:00', to: '10:00', timeZone: 'UTC' }] })
    world.reconcile()
    expect(card(world, id)).toMatchObject({ word: 'Off hours', tone: 'waiting', machines: [], progress: undefined })
    expect(card(world, id).line).toMatch(/^Until \w{3} \d/)
  })

  it('sums up the progress of many machines, which their chips show one by one', () => {
    const world = new World()
    world.connect(['a', 'b', 'c', 'd'].map((name) => world.addNode(name)))
    const id = world.declare('wide', { minNodes: 4 })
    world.reconcile()
    expect(card(world, id).line).toBe('Starting on 4 machines')
    world.report(id, { status: 'Loading', layersLoaded: 4, layers: 8 })
    expect(card(world, id)).toMatchObject({ line: 'Loading on 4 machines · 50 %', progress: 0.5 })
    expect(card(world, id).machines).toHaveLength(4)
  })

  it('shows a download’s progress, speed and remaining time', () => {
    const { world, nodeId, id } = placed()
    world.report(id, { status: 'Downloading' })
    expect(card(world, id).line).toBe('Downloading on Mac Studio')
    const download = { status: 'Ongoing', downloadedBytes: 1 * GB, totalBytes: 4 * GB, bytesPerSecond: 50e6 } as const
    world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download })
    expect(card(world, id)).toMatchObject({
      word: 'Downloading',
      line: '1.0 of 4.0 GB · 50 MB/s · 1 min left',
      progress: 0.25,
    })
  })

  it('says why a download is retried, beside its progress', () => {
    const { world, nodeId, id } = placed()
    world.report(id, { status: 'Downloading' })
    const failed = (downloadedBytes: number, totalBytes: number) => {
      const download = { status: 'Failed', downloadedBytes, totalBytes, error: 'the disk is full' } as const
      world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download })
      return card(world, id)
    }
    expect(failed(0, 0)).toMatchObject({ line: 'Tried again on Mac Studio after: the disk is full' })
    expect(failed(1 * GB, 4 * GB)).toMatchObject({
      word: 'Retrying download',
      tone: 'retrying',
      line: '1.0 of 4.0 GB · tried again on Mac Studio after: the disk is full',
      progress: 0.25,
    })
    world.apply({
      type: 'NodeDownloadProgress',
      nodeId,
      modelId: SMALL,
      download: { status: 'Ongoing', downloadedBytes: 2 * GB, totalBytes: 4 * GB },
    })
    expect(card(world, id)).toMatchObject({ word: 'Downloading', tone: 'working', line: '2.0 of 4.0 GB' })
  })

  it.each([
    [{ status: 'Connecting' }, 'Starting on Mac Studio', 0],
    [{ status: 'WarmingUp' }, 'Warming up on Mac Studio', 1],
  ] as const)('calls %j loading', (status, line, progress) => {
    const { world, id } = placed()
    world.report(id, status)
    expect(card(world, id)).toMatchObject({ word: 'Loading', line, progress })
  })

  it('counts the retries and shows the error while it retries', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    expect(card(world, id)).toMatchObject({ word: 'Retrying (1/3)', tone: 'retrying', machineWord: 'RETRYING' })
    expect(failureNote(card(world, id))?.text).toBe('Mac Studio: out of memory')
  })

  it('shows why it was created again while it is ready, until it has recovered', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    world.report(id, { status: 'Ready' })
    expect(failureNote(card(world, id))?.text).toBe('Re-created after: Mac Studio: out of memory')
    world.wait(60_000).reconcile()
    expect(failureNote(card(world, id))?.text).toBeUndefined()
  })

  it('explains a damaged model once, with the remedy, and folds the runner’s message away', () => {
    const { world, id } = readyWorld()
    const said = 'model.safetensors is damaged: it ends after 3 of 5 bytes'
    const coded = { code: 'failures.modelFile' }
    world.report(id, { status: 'Failed', errorMessage: said, coded, code: 'model_file' })
    world.reconcile()
    world.wait(1000).reconcile()
    const shown = card(world, id)
    expect(shown).toMatchObject({
      machineWord: 'PLACEMENT_FAILED',
      line: "Mac Studio: a file of the model is missing or damaged. It is tried again when the model's files change",
    })
    expect(failureNote(shown)).toEqual({
      todo: 'Delete the model on that machine and download it again.',
      details: `Mac Studio: ${said}`,
    })
  })

  it('says when placement is retried', () => {
    const { world, id } = readyWorld()
    for (let failure = 1; failure <= 12; failure += 1) {
      world.fail(id)
      world.reconcile()
      if (failure === 8) world.wait(1000).reconcile()
    }
    expect(card(world, id)).toMatchObject({ word: 'Placing again', tone: 'retrying', line: 'Next try in 2 s' })
  })

  it('shows why there is no placement', () => {
    const world = new World()
    world.addNode('mini', { free: GB })
    const id = world.declare()
    world.reconcile()
    expect(card(world, id)).toMatchObject({
      machineWord: 'PLACEMENT_FAILED',
      word: 'Can’t place yet',
      line: 'mini has 1 GB free, the model needs 4 GB',
    })
  })

  it('shows speed, requests and the time since it serves', () => {
    const { world, id } = readyWorld()
    const readyAt = world.now
    expect(card(world, id)).toMatchObject({ word: 'Ready', line: 'No requests', readySince: readyAt, speeds: [] })
  })

  it('of a paused declaration shows no machines', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    expect(card(world, id)).toMatchObject({ word: 'Paused', line: 'Not in memory', machines: [], progress: undefined })
  })
})

describe('an instance without a declaration', () => {
  const loose = () => {
    const { world, id } = readyWorld()
    const { metaInstanceId: _unbound, ...instance } = world.instance(id)
    world.state = { ...world.state, instances: { [instance.instanceId]: instance } }
    return { world, instance }
  }

  it('is listed separately', () => {
    const { world, instance } = loose()
    expect(looseInstances(world.state)).toEqual([instance])
    expect(looseInstances(readyWorld().world.state)).toEqual([])
    expect(looseView(world.state, instance)).toMatchObject({ word: 'Ready' })
  })

  it('says that nothing restarts it after a failure', () => {
    const { world, instance } = loose()
    const runnerId = instance.shards[0]?.runnerId
    if (runnerId) world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Failed', errorMessage: 'killed' })
    expect(looseView(world.state, instance)).toMatchObject({ word: 'Failed', tone: 'failed' })
  })
})
