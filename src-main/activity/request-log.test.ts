import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GenerationUpdate } from '@core/generation/stream'
import { RequestLog } from './request-log'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-requests-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const open = () => RequestLog.open({ dataDir, log: { warn: () => undefined } })
const request = { model: 'chat', prompt: { kind: 'text', text: 'my diary' } } as const
const usage = { promptTokens: 2, cachedTokens: 0, completionTokens: 1 }
async function* answer(...updates: GenerationUpdate[]) {
  yield* updates
}
const DELTA: GenerationUpdate = { type: 'delta', content: [{ channel: 'text', text: 'dear' }], tokens: 1 }
const DONE = { type: 'finished', reason: 'stop', usage } as const

describe('the list of past requests', () => {
  it('survives a restart and has no text of prompts or answers', async () => {
    const log = await open()
    const passed: GenerationUpdate[] = []
    for await (const update of log.observed(request, 'Ada', answer(DELTA, DONE))) passed.push(update)
    expect(passed).toEqual([DELTA, DONE])
    await log.close()
    const [record] = (await open()).latest()
    expect(record).toMatchObject({ model: 'chat', key: 'Ada', kind: 'text', outcome: 'done', completionTokens: 1 })
    const text = readFileSync(join(dataDir, 'requests.json'), 'utf8')
    expect(text).not.toMatch(/diary|dear/)
  })

  it('includes cancelled requests, newest first, a thousand at most', async () => {
    const log = await open()
    for await (const _update of log.observed(request, undefined, answer(DELTA, DONE))) break
    expect(log.latest()).toMatchObject([{ outcome: 'cancelled' }])
    for (let count = 0; count < 1001; count += 1)
      for await (const _update of log.observed({ ...request, model: `m${count}` }, undefined, answer(DONE)));
    expect(log.latest()).toHaveLength(1000)
    expect(log.latest(1)).toMatchObject([{ model: 'm1000' }])
    await log.close()
  })

  it('starts empty if its file is damaged', async () => {
    writeFileSync(join(dataDir, 'requests.json'), '[{"id":')
    const log = await open()
    expect(log.latest()).toEqual([])
    await log.close()
  })
})
