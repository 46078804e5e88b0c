import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

const ready = (state: State): boolean => {
  const [declared] = Object.values(state.metaInstances)
  return declared !== undefined && statusOf(state, declared).status === 'READY'
}

/** The declaration's only runner. */
const pidOf = (state: State): number => {
  const [pid] = Object.values(state.runners).flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
  if (pid === undefined) throw new Error('there is no runner')
  return pid
}

describe('a request that was being answered each time a runner died of its work', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    await control.declare(TINY)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  const ask = (content: string, more: object = {}): Promise<Response> =>
    control.request('/v1/chat/completions', {
      method: 'POST',
      json: { model: TINY, messages: [{ role: 'user', content }], max_tokens: 1900, temperature: 0, ...more },
    })

  /** Ends the runner amid its answer, where no second try can hide it. */
  const die = async (content: string, signal: NodeJS.Signals): Promise<void> => {
    const pid = pidOf(await control.until('READY', ready))
    const answer = await ask(content, { stream: true })
    const chunks = answer.body?.pipeThrough(new TextDecoderStream())
    if (!chunks) throw new Error('no stream')
    let text = ''
    for await (const chunk of chunks) {
      if (text === '') process.kill(pid, signal)
      text += chunk
    }
    expect(text).toContain('"error"')
    await control.until('another runner', (state) => ready(state) && pidOf(state) !== pid)
  }

  it('is refused by name where it crashed them, and nothing else is', async () => {
    await die('killer', 'SIGSEGV')
    await die('killer', 'SIGSEGV')
    const refused = await ask('killer')
    const { error } = (await refused.json()) as { error: { code: string; message: string } }
    expect([refused.status, error.code]).toEqual([400, 'ended_runners'])
    expect(error.message).toContain('SIGSEGV')
    expect((await ask('another', { max_tokens: 3 })).status).toBe(200)
  })

  it('is answered where somebody killed them', async () => {
    for (let kill = 0; kill < 3; kill += 1) await die('unlucky', 'SIGKILL')
    expect((await ask('unlucky')).status).toBe(200)
  })
})
