import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PythonEvent, SetupView } from '@core/protocols/setup'
import { State } from '@core/state/state'
import { fakeUv, type FakeUv } from '../harness/fake-uv'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addStarterModel } from '../harness/models'

const TIMEOUT = 60_000

let folder: ReturnType<typeof temporaryFolder>
let node: HeadlessNode
let uv: FakeUv

const start = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
  node = await startHeadless({ dataDir: folder.path, env: { MUSTER_OFFER_SETUP: 'true', ...env } })
}
const view = async (): Promise<SetupView> => SetupView.parse(await (await fetch(`${node.url}/node/setup`)).json())
const change = (json: object): Promise<Response> =>
  fetch(`${node.url}/node/setup`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  })
const ask = (method: 'POST' | 'DELETE'): Promise<Response> =>
  fetch(`${node.url}/node/python`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' && { body: '{}' }),
  })
const python = async () => (await view()).python
const cannotRun = async (): Promise<string | undefined> =>
  State.parse(await (await fetch(`${node.url}/state`)).json()).nodes[node.nodeId]?.cannotRun

beforeEach(() => {
  folder = temporaryFolder()
  uv = fakeUv(folder.path)
})
afterEach(async () => {
  uv.release()
  await node.stop()
  folder.dispose()
})

describe('setting a machine up', () => {
  it('is offered on a new machine, goes on where it was left, also after a restart, and not when it is done', async () => {
    await start()
    expect(await view()).toMatchObject({ offered: true, python: { status: 'ready' } })
    await change({ step: 'cluster', outcomes: { welcome: 'done', machine: 'skipped' } })
    await node.stop()
    await start()
    const left = { step: 'cluster', state: 'open', outcomes: { welcome: 'done', machine: 'skipped' } }
    expect(await view()).toMatchObject({ offered: true, progress: left })
    await change({ state: 'later' })
    expect(await view()).toMatchObject({ offered: false, progress: { step: 'cluster' } })
    await change({ state: 'done' })
    expect((await view()).offered).toBe(false)
  })

  it('is not offered where somebody declared a model without it, or the machine says so', async () => {
    await start({ MUSTER_OFFER_SETUP: 'false' })
    expect((await view()).offered).toBe(false)
    await node.stop()
    addStarterModel(folder.path)
    await start()
    await fetch(`${node.url}/meta_instance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ modelId: 'HuggingFaceTB/SmolLM2-135M-Instruct', paused: true }),
    })
    expect((await view()).offered).toBe(false)
  })

  it('refuses what is no step, and says which there are', async () => {
    await start()
    const answer = await change({ step: 'somewhere' })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('welcome')
    expect((await change({ colour: 'red' })).status).toBe(400)
    expect((await view()).progress).toBeUndefined()
  })
})

describe('the Python environment', () => {
  it('is missing, fails with its reason, and is installed at the next try: models run without a restart', async () => {
    addStarterModel(folder.path)
    uv.fail('error: Failed to fetch https://packages.example/mlx: no route to host')
    await start(uv.env)
    expect(await python()).toMatchObject({ status: 'missing' })
    expect(await cannotRun()).toContain('not installed')

    expect((await ask('POST')).status).toBe(202)
    await vi.waitUntil(async () => (await python()).status === 'failed', TIMEOUT)
    expect((await python()).reason).toContain('no route to host')
    expect((await python()).hint).toContain('try again')

    uv.mend()
    await ask('POST')
    await vi.waitUntil(async () => (await python()).status === 'ready', TIMEOUT)
    await vi.waitUntil(async () => (await cannotRun()) === undefined, TIMEOUT)
    const answer = await fetch(`${node.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'HuggingFaceTB/SmolLM2-135M-Instruct', prompt: 'Hi', max_tokens: 2 }),
    })
    expect(answer.status).toBe(200)

    await node.stop()
    await start(uv.env)
    expect(await python()).toEqual({ status: 'ready' })
  })

  it('can be stopped while it is installed, and goes on later', async () => {
    addStarterModel(folder.path)
    uv.hold()
    await start(uv.env)
    await ask('POST')
    await vi.waitUntil(async () => (await python()).step?.at === 2, TIMEOUT)
    await ask('DELETE')
    await vi.waitUntil(async () => (await python()).status === 'missing', TIMEOUT)
    uv.release()
    await ask('POST')
    await vi.waitUntil(async () => (await python()).status === 'ready', TIMEOUT)
  })

  it('shows what is printed to whoever watches, from its beginning', async () => {
    addStarterModel(folder.path)
    uv.hold()
    await start(uv.env)
    await ask('POST')
    await vi.waitUntil(async () => (await python()).step?.at === 2, TIMEOUT)
    const { body } = await fetch(`${node.url}/node/python/events`)
    if (!body) throw new Error('no stream')
    uv.release()
    let text = ''
    let printed = ''
    const statuses: string[] = []
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks.filter((one) => one.startsWith('data: '))) {
        const event = PythonEvent.parse(JSON.parse(block.slice(6)))
        if (event.kind === 'output') printed += event.text
        else statuses.push(event.view.status)
      }
      if (statuses.at(-1) === 'ready') break
    }
    expect(printed).toContain('creating a virtual environment')
    expect(printed).toContain('Installed 40 packages')
    expect(printed).toContain('It works.')
  })
})
