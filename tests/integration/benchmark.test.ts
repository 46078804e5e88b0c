import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Benchmark, BenchmarksResponse } from '@core/protocols/benchmark'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { muster } from '../harness/muster'

describe('a benchmark', () => {
  const folder = temporaryFolder()
  let node: HeadlessNode
  const run = (...args: string[]) => muster({ url: node.url }, ...args)
  const post = (body: object) =>
    fetch(`${node.url}/benchmarks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  beforeAll(async () => {
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path, args: ['--name', 'here'] })
    await new Control(node.url).declare(TINY, { name: 'quick' })
    expect(await run('wait', 'quick', '--timeout', '240')).toMatchObject({ code: 0 })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('measures a real model, and tells as text and as JSON what came of it', async () => {
    const { out, err, code } = await run('bench', 'quick')
    expect([code, err]).toEqual([0, expect.stringContaining('Requests that come meanwhile')])
    expect(out).toMatch(/^- here$/m)
    expect(out).toMatch(/tokens\/s for 1 client$/m)
    expect(out).toMatch(/tokens\/s for 4 clients together$/m)
    expect(out).toMatch(/first token after .* of a prompt of \d/)
    const { benchmarks } = BenchmarksResponse.parse(await (await fetch(`${node.url}/benchmarks`)).json())
    expect(benchmarks).toMatchObject([{ state: 'done', modelId: TINY }])
  })

  it('is refused for what is not declared, does not serve, or is under way', async () => {
    expect((await post({ model: 'nobody' })).status).toBe(404)
    const begun = await post({ model: 'quick' })
    expect(begun.status).toBe(202)
    const { benchmarkId } = Benchmark.parse(await begun.json())
    expect((await post({ model: 'quick' })).status).toBe(409)
    const ended = await fetch(`${node.url}/benchmarks/running`, {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
    })
    const { benchmarks } = BenchmarksResponse.parse(await ended.json())
    expect(benchmarks[0]).toMatchObject({ benchmarkId, state: 'cancelled' })
    expect(await run('pause', 'quick')).toMatchObject({ code: 0 })
    expect((await post({ model: 'quick' })).status).toBe(503)
  })
})
