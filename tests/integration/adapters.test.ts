import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { MetaInstanceView } from '@core/protocols/control'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyAdapter, addTinyEmbeddingModel, addTinyModel, TINY, TINY_EMBEDDING } from '../harness/models'
import { muster } from '../harness/muster'

const ADAPTER = ModelId.parse('muster/tiny-adapter')

const folder = { path: '', dispose: () => {} }
let adapterPath = ''
let node: HeadlessNode
let control: Control

beforeEach(async () => {
  Object.assign(folder, temporaryFolder())
  addTinyModel(folder.path)
  adapterPath = addTinyAdapter(folder.path, ADAPTER)
  node = await startHeadless({ dataDir: folder.path })
  control = new Control(node.url)
})
afterEach(async () => {
  await node.stop()
  folder.dispose()
})

const asked = async (method: string, path: string, json?: object): Promise<unknown> =>
  (await control.request(path, { method, ...(json && { json }) })).json()

const ready = ({ metaInstanceId }: MetaInstanceView, adapterId?: ModelId) =>
  control.until('READY', (state) => {
    const one = state.metaInstances[metaInstanceId]
    const [instance, ...others] = Object.values(state.instances).filter((two) => two.metaInstanceId === metaInstanceId)
    const isMeant = instance !== undefined && others.length === 0 && instance.adapterId === adapterId
    return one !== undefined && isMeant && statusOf(state, one).word === 'READY'
  })

const answer = async (model: string): Promise<string> => {
  const json = { model, messages: [{ role: 'user', content: 'hello' }], max_tokens: 40, temperature: 0 }
  const { choices } = (await asked('POST', '/v1/chat/completions', json)) as {
    choices: { message: { content: string } }[]
  }
  return choices[0]?.message.content ?? ''
}

it('a model and the same model with an adapter are served side by side, each by its own id', async () => {
  const plain = await control.declare(TINY)
  const adapted = await control.declare(TINY, { adapterId: ADAPTER, name: 'tuned' })
  await ready(plain)
  await ready(adapted, ADAPTER)
  const withIt = await answer(ADAPTER)
  expect(withIt).not.toBe('')
  expect(await answer('tuned')).toBe(withIt)
  expect(await answer(TINY)).not.toBe(withIt)
  expect(await asked('GET', '/v1/models')).toMatchObject({
    data: expect.arrayContaining([
      expect.objectContaining({ id: TINY }),
      expect.objectContaining({ id: ADAPTER }),
      expect.objectContaining({ id: 'tuned' }),
    ]) as object,
  })
  expect(await asked('DELETE', `/models/${ADAPTER}/download`)).toMatchObject({ error: { code: 'in_use' } })
})

it('an adapter in the format of PEFT answers as the same matrices do in the format of mlx-lm', async () => {
  const PEFT = ModelId.parse('muster/tiny-peft')
  addTinyAdapter(folder.path, PEFT, { peft: true })
  for (const adapterId of [ADAPTER, PEFT]) await ready(await control.declare(TINY, { adapterId }), adapterId)
  const answered = await answer(PEFT)
  expect(answered).not.toBe('')
  expect(answered).toBe(await answer(ADAPTER))
})

it('taking the adapter away from a declaration loads the model anew without it', async () => {
  const one = await control.declare(TINY, { adapterId: ADAPTER })
  await ready(one, ADAPTER)
  const withIt = await answer(ADAPTER)
  await asked('PATCH', `/meta_instance/${one.metaInstanceId}`, { adapterId: null })
  await ready(one)
  expect(await answer(TINY)).not.toBe(withIt)
})

it('what cannot be an adapter of the model is refused when it is declared, and the answer says why', async () => {
  const refusal = (json: object) => asked('POST', '/meta_instance', json)
  const error = (code: string, ...parts: string[]) => ({
    error: { code, message: expect.stringMatching(parts.join('.*')) as string },
  })
  addTinyEmbeddingModel(folder.path)
  expect(await refusal({ modelId: TINY, adapterId: TINY })).toMatchObject(
    error('unsuitable_adapter', TINY, 'is a model'),
  )
  expect(await refusal({ modelId: ADAPTER })).toMatchObject(error('unsupported_model', ADAPTER, 'LoRA adapter'))
  expect(await refusal({ modelId: TINY_EMBEDDING.modelId, adapterId: ADAPTER })).toMatchObject(
    error('unsuitable_adapter', 'embedding model'),
  )
  for (const several of [{ minNodes: 2 }, { instanceMeta: 'MlxJaccl' }])
    expect(await refusal({ modelId: TINY, adapterId: ADAPTER, sharding: 'Tensor', ...several })).toMatchObject(
      error('tensor_unsupported', 'adapter'),
    )
  rmSync(join(adapterPath, 'adapters.safetensors'))
  expect(await refusal({ modelId: TINY, adapterId: ADAPTER })).toMatchObject(
    error('damaged_model', 'adapters.safetensors is missing'),
  )
  rmSync(adapterPath, { recursive: true })
  expect(await refusal({ modelId: TINY, adapterId: ADAPTER })).toMatchObject(error('unknown_model', ADAPTER))
})

it('a file declares an adapter, `muster ls` and `muster show` know it, and what nothing uses any more is listed', async () => {
  const file = join(folder.path, 'tuned.yaml')
  writeFileSync(file, `name: tuned\nmodelId: ${TINY}\nadapterId: ${ADAPTER}\n`)
  const run = (...args: string[]) => muster({ url: node.url }, ...args)
  expect((await run('apply', '-f', file)).code).toBe(0)
  expect((await run('diff', '-f', file)).code).toBe(0)
  expect((await run('get', 'tuned', '-o', 'yaml')).out).toContain(`adapterId: ${ADAPTER}`)
  expect((await run('ls')).out).toMatch(/muster\/tiny-adapter .*adapter/)
  expect((await run('show', ADAPTER)).out).toMatch(/Adapts +muster\/tiny/)
  expect((await run('ls', '--unused')).out).not.toContain(ADAPTER)
  expect((await run('delete', '-f', file, '--yes')).code).toBe(0)
  expect((await run('ls', '--unused')).out).toContain(ADAPTER)
})
