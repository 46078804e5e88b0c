import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { openCatalogue, type Catalogue } from './catalogue'
import { linkModelFolder } from './folder-link'
import { llamaConfig, modelFiles, type FileChanges } from './testing/model-on-disk'

describe('a model’s folder that a person gives', () => {
  let root: string
  let dataDir: string
  let catalogue: Catalogue
  beforeEach(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'muster-folder-')))
    dataDir = join(root, 'data')
    mkdirSync(dataDir)
    const nowhere = join(root, 'home')
    catalogue = openCatalogue({
      dataDir,
      home: nowhere,
      env: {},
      starter: ModelId.parse('m/starter'),
      version: '0',
    })
    await catalogue.ready
  })
  afterEach(async () => {
    await catalogue.close()
    rmSync(root, { recursive: true, force: true })
  })

  const folderWith = (name: string, changes?: FileChanges): string => {
    const path = join(root, name)
    mkdirSync(path, { recursive: true })
    for (const [file, content] of modelFiles(changes)) {
      mkdirSync(dirname(join(path, file)), { recursive: true })
      writeFileSync(join(path, file), content)
    }
    return path
  }
  const add = (path: string) => linkModelFolder(path, { dataDir, catalogue })

  it('is added to the catalogue by a link and left unchanged', async () => {
    const folder = folderWith('downloads/My model (4 bit)')
    expect(await add(folder)).toEqual({ status: 'added', modelId: 'local/My-model-4-bit-' })
    expect(catalogue.list().map(({ modelId, problem }) => [modelId, problem])).toEqual([
      ['local/My-model-4-bit-', undefined],
    ])
    expect(readlinkSync(join(dataDir, 'models', 'local', 'My-model-4-bit-'))).toBe(folder)
  })

  it('is known the second time, also by a link to it', async () => {
    const folder = folderWith('model')
    symlinkSync(folder, join(root, 'shortcut'))
    expect(await add(join(root, 'shortcut'))).toMatchObject({ status: 'added' })
    expect(await add(folder)).toEqual({ status: 'known', modelId: 'local/model' })
  })

  it('of the Hugging Face cache keeps its id', async () => {
    const folder = folderWith('models--mlx-community--small-4bit/snapshots/0123abcd')
    expect(await add(folder)).toEqual({ status: 'added', modelId: 'mlx-community/small-4bit' })
  })

  it.each([
    ['has no weights', { 'model.safetensors': null }, /model\.safetensors/],
    ['has a configuration that is cut', { 'config.json': '{"model_ty' }, /config\.json/],
    [
      'is of an architecture that nobody runs',
      { 'config.json': JSON.stringify({ ...llamaConfig, model_type: 'nobody' }) },
      /nobody/,
    ],
  ] as const)('is refused in the catalogue’s words where it %s', async (_what, changes, words) => {
    const folder = folderWith('broken', changes)
    expect(await add(folder)).toMatchObject({
      status: 'refused',
      refusal: { why: 'problem', problem: expect.stringMatching(words) as string },
    })
    expect(existsSync(join(dataDir, 'models', 'local'))).toBe(false)
  })

  it('is refused where it is none: a file, an empty folder, a place that is gone, a path that is not absolute', async () => {
    const file = join(folderWith('model'), 'config.json')
    mkdirSync(join(root, 'empty'))
    expect(await add(file)).toMatchObject({ status: 'refused', refusal: { why: 'file', place: 'config.json' } })
    expect(await add(join(root, 'empty'))).toMatchObject({
      status: 'refused',
      refusal: { why: 'no_model', place: 'empty' },
    })
    expect(await add(join(root, 'gone'))).toMatchObject({ status: 'refused' })
    expect(await add('model')).toMatchObject({ status: 'refused' })
  })

  it('takes no other model’s place', async () => {
    await add(folderWith('one/model'))
    expect(await add(folderWith('two/model'))).toMatchObject({
      status: 'refused',
      refusal: { why: 'taken', place: 'local/model' },
    })
    expect(readlinkSync(join(dataDir, 'models', 'local', 'model'))).toBe(join(root, 'one', 'model'))
  })
})
