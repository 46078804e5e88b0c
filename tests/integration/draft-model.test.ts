import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { MetaInstanceView } from '@core/protocols/control'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyDraft, addTinyModel, TINY } from '../harness/models'

const DRAFT = ModelId.parse('muster/tiny-draft')

const folder = { path: '', dispose: () => {} }
let draftPath = ''
let node: HeadlessNode
let control: Control

beforeEach(async () => {
  Object.assign(folder, temporaryFolder())
  addTinyModel(folder.path)
  draftPath = addTinyDraft(folder.path, DRAFT)
  node = await startHeadless({ dataDir: folder.path })
  control = new Control(node.url)
})
afterEach(async () => {
  await node.stop()
  folder.dispose()
})

const asked = async (method: string, path: string, json?: object): Promise<unknown> =>
  (await control.request(path, { method, ...(json && { json }) })).json()

const ready = ({ metaInstanceId }: MetaInstanceView, draftModelId: ModelId | undefined) =>
  control.until('READY', (state) => {
    const one = state.metaInstances[metaInstanceId]
    const serving = Object.values(state.instances).filter((instance) => instance.draftModelId === draftModelId)
    return one !== undefined && serving.length === 1 && statusOf(state, one).word === 'READY'
  })

const answer = async (): Promise<unknown> => {
  const json = {
    model: TINY,
    messages: [{ role: 'user', content: 'hello' }],
    max_tokens: 60,
    temperature: 0.8,
    seed: 7,
  }
  const { choices } = (await asked('POST', '/v1/chat/completions', json)) as { choices: unknown }
  return choices
}

it('a model with a draft answers word for word as without, and holds its files as long as it is declared', async () => {
  const one = await control.declare(TINY, { draftModelId: DRAFT })
  await ready(one, DRAFT)
  const withDraft = await answer()
  expect(await asked('DELETE', `/models/${DRAFT}/download`)).toMatchObject({ error: { code: 'in_use' } })
  await asked('PATCH', `/meta_instance/${one.metaInstanceId}`, { draftModelId: null })
  await ready(one, undefined)
  expect(await answer()).toEqual(withDraft)
})

it('a draft that cannot guess is refused when it is declared, and the answer says why', async () => {
  const refusal = (json: object) => asked('POST', '/meta_instance', json)
  expect(await refusal({ modelId: DRAFT, draftModelId: TINY })).toMatchObject({
    error: { code: 'unsuitable_draft', message: expect.stringContaining(`${TINY} is not smaller`) as string },
  })
  rmSync(draftPath, { recursive: true })
  expect(await refusal({ modelId: TINY, draftModelId: DRAFT })).toMatchObject({
    error: { code: 'unknown_model', message: expect.stringContaining(DRAFT) as string },
  })
})
