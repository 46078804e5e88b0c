import { spawnSync } from 'node:child_process'
import { openSync, closeSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CommandId, MetaInstanceId, ModelId, NodeId } from '@core/ids'
import { MasterError } from '@main/master/errors'
import { Master } from '@main/master/master'
import { temporaryFolder } from '../harness/headless-node'

/** A disk of one megabyte, where this machine lets us make one. */
const mounted = (path: string): boolean =>
  process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'muster-test', path]).status === 0

const fill = (path: string): void => {
  const fd = openSync(path, 'w')
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096, 1))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    closeSync(fd)
  }
}

describe('a master whose disk is full', () => {
  const folder = { path: '', dispose: () => {} }
  let isDisk = false
  let master: Master | undefined
  beforeEach(() => {
    Object.assign(folder, temporaryFolder())
    isDisk = mounted(folder.path)
    // A refused command waits for a moment, for another member could come to lead.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  })
  afterEach(async () => {
    vi.useRealTimers()
    await master?.close()
    if (isDisk) spawnSync('umount', [folder.path])
    folder.dispose()
  })

  const open = () =>
    Master.open({
      dataDir: folder.path,
      nodeId: NodeId.parse('a'),
      loadCard: () => Promise.resolve({ status: 'failed', reason: 'no cards here' }),
      log: { info: () => {}, warn: () => {} },
    })

  const declare = async (deciding: Master, id: string): Promise<void> => {
    await deciding.submit(
      {
        type: 'CreateMetaInstance',
        metaInstanceId: MetaInstanceId.parse(id),
        modelId: ModelId.parse('m/small'),
        sharding: 'Pipeline',
        instanceMeta: 'MlxRing',
        minNodes: 1,
        placementPreference: 'largest',
        paused: true,
      },
      { commandId: CommandId.parse(id) },
    )
  }

  it('says so, acknowledges nothing, shows nothing that is not so, and goes on by itself', async (context) => {
    if (!isDisk) context.skip('a disk that is really full takes root on Linux, to mount a small one')
    const first = (master = await open())
    const { term } = first.state()
    const ballast = join(folder.path, 'ballast')
    await declare(first, 'before')
    fill(ballast)

    const acknowledged = ['before']
    let refusal: unknown
    // The last page of the log has room for a few more.
    for (let count = 1; refusal === undefined && count < 100; count += 1) {
      const ids = [1, 2, 3].map((each) => `${count}-${each}`)
      const results = await Promise.allSettled(ids.map((id) => declare(first, id)))
      results.forEach((result, at) => {
        if (result.status === 'fulfilled') acknowledged.push(ids[at] ?? '')
        else refusal = result.reason
      })
      // At once, not when it is tried again.
      expect(Object.keys(first.state().metaInstances)).toEqual(acknowledged)
    }
    expect(refusal).toBeInstanceOf(MasterError)
    expect(refusal).toMatchObject({ code: 'disk_full', hint: expect.stringContaining('Free some space') as string })
    expect(first.status()).toMatchObject({ role: 'stepped-down', code: 'disk_full' })
    // A command waits for a moment, for another member could come to lead.
    const whileFull = expect(declare(first, 'while full')).rejects.toMatchObject({ code: 'disk_full' })
    await vi.advanceTimersByTimeAsync(2000)
    await whileFull

    // Also when it has been tried again in vain.
    await vi.advanceTimersByTimeAsync(2000)
    expect(first.status()).toMatchObject({ role: 'stepped-down', code: 'disk_full' })
    expect(Object.keys(first.state().metaInstances)).toEqual(acknowledged)

    rmSync(ballast)
    await vi.waitFor(() => expect(first.status()).toEqual({ role: 'master' }), { timeout: 10_000, interval: 50 })
    expect(first.state().term).toBeGreaterThan(term)
    expect(Object.keys(first.state().metaInstances)).toEqual(acknowledged)
    await declare(first, 'after')
    await first.close()

    master = await open()
    expect(Object.keys(master.state().metaInstances)).toEqual([...acknowledged, 'after'])
  })
})
