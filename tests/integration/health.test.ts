import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Health } from '@main/api/control/health'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

describe('the health of a node', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  })
  afterEach(async () => {
    await node.stop()
    folder.dispose()
  })

  const health = async (query = ''): Promise<[number, Health]> => {
    const answer = await fetch(`${node.url}/health${query}`)
    return [answer.status, Health.parse(await answer.json())]
  }
  const ready = async (): Promise<number> => {
    const { metaInstanceId } = await control.declare(TINY)
    const state = await control.until('READY', ({ metaInstances, ...rest }) => {
      const declared = metaInstances[metaInstanceId]
      return declared !== undefined && statusOf({ metaInstances, ...rest }, declared).word === 'READY'
    })
    const [runner] = Object.values(state.runners)
    return runner?.pid ?? 0
  }

  it('counts only models that were to be served, and tells of them where it is asked', async () => {
    expect(await health('?models=1')).toMatchObject([200, { status: 'ok', models: [] }])
    await ready()
    await control.declare(TINY, { name: 'resting', paused: true })
    const [status, { models }] = await health('?models=1')
    expect([status, models?.map(({ name, modelId, serving }) => [name, modelId, serving])]).toEqual([
      200,
      [
        [undefined, TINY, true],
        ['resting', TINY, false],
      ],
    ])
    await control.declare(TINY, { name: 'nowhere', minNodes: 2 })
    expect(await health('?models=1')).toMatchObject([
      503,
      { status: 'degraded', reason: 'nowhere: not serving', models: [{}, {}, { status: 'PLACEMENT_FAILED' }] },
    ])
    const [plain, { models: unasked }] = await health()
    expect([plain, unasked]).toEqual([200, undefined])
    expect((await fetch(`${node.url}/health?models=perhaps`)).status).toBe(400)
  })

  it('tells of a runner that hangs before it is ended', async () => {
    process.kill(await ready(), 'SIGSTOP')
    await expect
      .poll(async () => (await health('?models=1'))[1].models?.map(({ detail }) => detail).join(), {
        interval: 100,
        timeout: 30_000,
      })
      .toContain('no heartbeat for')
    expect((await health('?models=1'))[0]).toBe(503)
  })
})
