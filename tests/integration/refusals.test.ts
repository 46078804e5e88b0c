import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, testEnvironment, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { cli } from '../harness/paths'

const serve = (dataDir: string, ...args: string[]) =>
  spawnSync(process.execPath, [cli, 'serve', '--data-dir', dataDir, ...args], {
    encoding: 'utf8',
    env: testEnvironment(dataDir),
    timeout: 30_000,
  })

describe('a node that cannot start', () => {
  const folder = { path: '', dispose: () => {} }
  beforeEach(() => void Object.assign(folder, temporaryFolder()))
  afterEach(() => folder.dispose())

  it.each(['--port', '--peer-port'])('names the port that is in use: %s', async (option) => {
    const server: Server = createServer()
    await new Promise<void>((resolve) => server.listen(0, resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? String(address.port) : ''
    const free = ['--port', '--peer-port'].flatMap((other) => (other === option ? [] : [other, '0']))
    const result = serve(folder.path, option, port, ...free)
    await new Promise((resolve) => server.close(resolve))
    expect(result.status).toBe(1)
    expect(result.stderr).toMatch(new RegExp(`Port ${port}\\b.* is in use`))
    expect(result.stderr).toContain(option)
    expect(result.stderr).not.toMatch(/\n\s+at /)
  })

  it('refuses a data folder that another one uses, and says which', async () => {
    const first = await startHeadless({ dataDir: folder.path })
    const second = serve(folder.path, '--port', '0')
    await first.stop()
    expect(second.status).toBe(1)
    expect(second.stderr).toContain(folder.path)
  })

  it.each(['file', 'file/below', ...(process.platform === 'linux' ? ['/proc/nothing/below'] : [])])(
    'says in words that it cannot keep data in %s',
    (name) => {
      writeFileSync(join(folder.path, 'file'), '')
      const path = resolve(folder.path, name)
      const result = serve(path, '--port', '0')
      expect(result.status).toBe(1)
      expect(result.stderr).toContain(`The data folder ${path} cannot be used`)
      expect(result.stderr).not.toMatch(/\n\s+at /)
    },
  )

  it('answers wrong use with exit code 2', () => {
    expect(serve(folder.path, '--port', 'many').status).toBe(2)
    expect(serve('', '--port', '0').status).toBe(2)
    expect(serve(folder.path, '--unknown').status).toBe(2)
  })
})

describe('a model directory', () => {
  const folder = { path: '', dispose: () => {} }
  beforeEach(() => void Object.assign(folder, temporaryFolder()))
  afterEach(() => folder.dispose())

  it.each([
    ['is damaged', 'model.safetensors', (file: string) => writeFileSync(file, 'not safetensors')],
    ['is missing', 'tokenizer.json', (file: string) => rmSync(file)],
  ])('with a file that %s is named with that file', async (_what, name, damage) => {
    damage(join(addTinyModel(folder.path), name))
    const node = await startHeadless({ dataDir: folder.path })
    const control = new Control(node.url)
    const response = await control.request('/meta_instance', { method: 'POST', json: { modelId: TINY } })
    const answer = await response.text()
    if (response.status === 201) {
      const state = await control.until('a failure', ({ metaInstances }) =>
        Object.values(metaInstances).some((one) => (one.lastFailureError ?? one.placementError?.reason) !== undefined),
      )
      const [declared] = Object.values(state.metaInstances)
      expect(declared?.lastFailureError ?? declared?.placementError?.reason).toContain(name)
    } else {
      expect(response.status).toBe(400)
      expect(answer).toContain(name)
    }
    expect((await control.request('/health')).status).toBe(200)
    await node.stop()
  })
})

describe('a declaration of a model that was damaged, or removed, after it was declared', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  beforeEach(() => void Object.assign(folder, temporaryFolder()))
  afterEach(async () => {
    await node.stop()
    folder.dispose()
  })

  it.each([
    ['damaged', 'damaged_model', (model: string) => rmSync(join(model, 'tokenizer.json'))],
    ['removed', 'unknown_model', (model: string) => rmSync(model, { recursive: true })],
  ])(
    'can be paused, renamed, changed and deleted where nothing is asked of the model: %s',
    async (_how, code, harm) => {
      const model = addTinyModel(folder.path)
      addTinyModel(folder.path, 'muster/whole')
      node = await startHeadless({ dataDir: folder.path, args: ['--offline'] })
      const control = new Control(node.url)
      const { metaInstanceId } = await control.declare(TINY)
      harm(model)
      const patch = async (json: object): Promise<unknown> => {
        const answer = await control.request(`/meta_instance/${metaInstanceId}`, { method: 'PATCH', json })
        const body = (await answer.json()) as { error?: { code: string } }
        return answer.ok ? body : `${answer.status} ${body.error?.code}`
      }
      expect(await patch({ paused: true })).toMatchObject({ paused: true })
      expect(await patch({ name: 'renamed', maxContext: 64, modelId: TINY })).toMatchObject({ name: 'renamed' })
      expect(await patch({ placementPreference: 'smallest', minNodes: 2 })).toMatchObject({ minNodes: 2 })
      expect(await patch({ sharding: 'Tensor' })).toBe(`400 ${code}`)
      expect(await patch({ modelId: 'muster/nowhere' })).toBe('400 unknown_model')
      expect(await patch({ modelId: 'muster/whole', minNodes: null, paused: false })).toMatchObject({ paused: false })
      await control.until('it runs another model', ({ runners }) =>
        Object.values(runners).some(({ status }) => status === 'Ready'),
      )
      const gone = await control.request(`/meta_instance/${metaInstanceId}`, { method: 'DELETE' })
      expect(gone.status).toBe(200)
    },
  )
})
