import { describe, expect, it } from 'vitest'
import { waitingForDraft } from '../testing/waiting-for-draft'
import { GB, readyWorld, World } from '../testing/world'
import type { Download } from './downloads'
import { statusOf } from './status'

const detail = (world: World, id: Parameters<World['metaInstance']>[0]) =>
  statusOf(world.state, world.metaInstance(id)).detail

describe('the status of a declaration', () => {
  it('goes from PLACING over CONNECTING, LOADING and WARMING_UP to READY and RUNNING', () => {
    const world = new World()
    world.addNode('Mac Studio')
    const id = world.declare()
    const seen = [world.status(id)]
    expect(detail(world, id)).toBe('Pipeline over at least 1 machine · looking for machines')
    world.reconcile()
    seen.push(world.status(id))
    world.report(id, { status: 'Downloading' })
    seen.push(world.status(id))
    world.report(id, { status: 'Loading', layersLoaded: 18, layers: 32 })
    seen.push(world.status(id))
    expect(detail(world, id)).toBe('18 of 32 layers on Mac Studio')
    world.report(id, { status: 'WarmingUp' })
    seen.push(world.status(id))
    expect(detail(world, id)).toBe('warming up on Mac Studio')
    world.report(id, { status: 'Ready' })
    seen.push(world.status(id))
    world.report(id, { status: 'Running' })
    seen.push(world.status(id))
    expect(seen).toEqual(['PLACING', 'CONNECTING', 'DOWNLOADING', 'LOADING', 'WARMING_UP', 'READY', 'RUNNING'])
  })

  it('shows a download’s progress, its speed, and why it is retried', () => {
    const world = new World()
    const nodeId = world.addNode('Mac mini')
    const id = world.declare()
    world.reconcile()
    world.report(id, { status: 'Downloading' })
    expect(detail(world, id)).toBe('downloading on Mac mini')
    const { modelId } = world.metaInstance(id)
    const progress = (download: Download) => world.apply({ type: 'NodeDownloadProgress', nodeId, modelId, download })
    progress({ status: 'Ongoing', downloadedBytes: 3.1 * GB, totalBytes: 8 * GB, bytesPerSecond: 92e6 })
    expect(detail(world, id)).toBe('3.1 of 8.0 GB on Mac mini, 92.0 MB/s')
    progress({ status: 'Failed', downloadedBytes: 3.1 * GB, totalBytes: 8 * GB, error: 'the disk is full' })
    expect(detail(world, id)).toBe('downloading on Mac mini is tried again after: the disk is full')
    expect(world.status(id)).toBe('DOWNLOADING')
  })

  it('shows the download of a draft model once the model itself is there', () => {
    const { world, nodeId, id, draftModelId } = waitingForDraft('Mac mini')
    const draft = { status: 'Ongoing', downloadedBytes: 0.1 * GB, totalBytes: GB } as const
    world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: draftModelId, download: draft })
    expect(detail(world, id)).toBe('0.1 of 1.0 GB on Mac mini')
  })

  it('shows the last failure beside any status until recovery', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    expect(world.status(id)).toBe('RETRYING (1/3)')
    expect(detail(world, id)).toBe('Mac Studio: out of memory · starting on Mac Studio')
    world.report(id, { status: 'Ready' })
    expect(world.status(id)).toBe('READY')
    expect(detail(world, id)).toBe('on Mac Studio · re-created after: Mac Studio: out of memory')
    world.wait(60_000).reconcile()
    expect(detail(world, id)).toBe('on Mac Studio')
  })

  it('is RETRYING rather than the new attempt’s stage, which the detail names', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    world.report(id, { status: 'Loading', layersLoaded: 1, layers: 32 })
    expect(world.status(id)).toBe('RETRYING (1/3)')
    expect(detail(world, id)).toBe('Mac Studio: out of memory · 1 of 32 layers on Mac Studio')
  })

  it('shows when placement is retried', () => {
    const { world, id } = readyWorld()
    for (let failure = 1; failure <= 8; failure += 1) {
      world.fail(id)
      world.reconcile()
    }
    expect(detail(world, id)).toBe(
      'Pipeline over at least 1 machine · after: Mac Studio: out of memory · next try in 1 s',
    )
  })

  it('is PLACEMENT_FAILED with the reason', () => {
    const world = new World()
    world.addNode('mini', { free: GB })
    const id = world.declare()
    world.reconcile()
    expect([world.status(id), detail(world, id)]).toEqual([
      'PLACEMENT_FAILED',
      'mini has 1 GB free, the model needs 4 GB',
    ])
  })

  it('is PAUSED before anything else', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    expect(world.status(id)).toBe('PAUSED')
  })
})
