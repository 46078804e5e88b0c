import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { startCollector, type CollectedSpan, type OtlpCollector } from '../harness/otlp-collector'

const SECRET = 'xylophonic'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

describe('traces of requests', () => {
  const folder = temporaryFolder()
  let collector: OtlpCollector
  let node: HeadlessNode
  let control: Control

  const ask = async (headers: Record<string, string> = {}, more: object = {}): Promise<string> => {
    const response = await fetch(`${node.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        model: TINY,
        messages: [{ role: 'user', content: SECRET }],
        max_tokens: 12,
        temperature: 0,
        ...more,
      }),
    })
    const body = (await response.json()) as { choices?: { message: { content: string } }[] }
    return body.choices?.[0]?.message.content ?? ''
  }

  beforeAll(async () => {
    addTinyModel(folder.path)
    collector = await startCollector()
    node = await startHeadless({
      dataDir: folder.path,
      args: ['--peer-port', '0'],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` },
    })
    control = new Control(node.url)
    const { metaInstanceId } = await control.declare(TINY)
    await control.until('READY', ({ metaInstances, ...state }) => {
      const declared = metaInstances[metaInstanceId]
      return declared !== undefined && statusOf({ metaInstances, ...state }, declared).status === 'READY'
    })
  })
  afterAll(async () => {
    await node.stop()
    await collector.close()
    folder.dispose()
  })

  it('go on with the client’s, from the API to what the runner timed, and say nothing of what was said', async () => {
    const answer = await ask({ traceparent: `00-${TRACE}-${PARENT}-01` })
    expect(answer).not.toBe('')
    await collector.until('muster.request', 1)
    const spans = collector.spans().filter(({ traceId }) => traceId === TRACE)
    const one = (name: string): CollectedSpan => {
      const [found, ...more] = spans.filter((span) => span.name === name)
      expect(more).toEqual([])
      if (!found) throw new Error(`there is no ${name}`)
      return found
    }
    const parents = ['muster.request', 'muster.attempt', 'muster.runner', 'muster.decode']
    expect(one('muster.request').parentSpanId).toBe(PARENT)
    for (const [at, name] of parents.slice(1).entries())
      expect(one(name).parentSpanId).toBe(one(parents[at] ?? '').spanId)
    expect(one('muster.prompt').parentSpanId).toBe(one('muster.runner').spanId)
    expect(one('muster.request')).toMatchObject({
      attributes: { 'gen_ai.request.model': TINY, 'gen_ai.operation.name': 'chat', 'gen_ai.usage.output_tokens': 12 },
      resource: { 'service.name': 'muster', 'service.instance.id': node.nodeId },
    })
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(endTimeUnixNano >= startTimeUnixNano).toBe(true)
    expect(collector.text()).not.toContain(SECRET)
    expect(collector.text()).not.toContain(answer)
  })

  it('begin anew where the client’s cannot be read, and are left out where it wants none', async () => {
    await ask({ traceparent: 'nonsense' })
    await ask({ traceparent: `00-${'1'.repeat(32)}-${PARENT}-00` })
    await ask({ traceparent: `00-${'2'.repeat(32)}-${PARENT}-01` })
    await expect.poll(() => collector.text(), { timeout: 60_000 }).toContain('2'.repeat(32))
    expect(collector.text()).not.toContain('1'.repeat(32))
    const roots = collector.spans().filter(({ name, parentSpanId }) => name === 'muster.request' && !parentSpanId)
    expect(roots).toHaveLength(1)
  })

  it('mark a request that failed, with its code', async () => {
    await ask({ traceparent: `00-${'3'.repeat(32)}-${PARENT}-01` }, { model: 'nobody/knows' })
    await expect.poll(() => collector.text(), { timeout: 60_000 }).toContain('3'.repeat(32))
    const [request] = collector.spans().filter(({ traceId }) => traceId === '3'.repeat(32))
    expect(request).toMatchObject({ attributes: { 'error.type': 'model_not_found' }, status: { code: 2 } })
  })
})

describe('a node whose collector is away', () => {
  it('answers and ends as without one', async () => {
    const folder = temporaryFolder()
    const gone = await startCollector()
    await gone.close()
    const node = await startHeadless({
      dataDir: folder.path,
      args: ['--peer-port', '0', '--no-worker'],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: gone.url },
    })
    try {
      const response = await fetch(`${node.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'nobody/knows', messages: [{ role: 'user', content: 'x' }] }),
      })
      expect(response.status).toBe(404)
    } finally {
      expect(await node.stop()).toBe(0)
      folder.dispose()
    }
  })
})
