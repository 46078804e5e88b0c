import { ModelId } from '@core/ids'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openCatalogue, type Catalogue, type CatalogueOptions } from './catalogue'
import { huggingFaceCache } from './stores/hugging-face-cache'
import { safetensors, writeCachedModel, writeModel } from './testing/model-on-disk'

describe('the models on this machine', () => {
  let root: string
  let catalogue: Catalogue | undefined
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-catalogue-'))
  })
  afterEach(async () => {
    await catalogue?.close()
    catalogue = undefined
    rmSync(root, { recursive: true })
  })

  const own = (id: string) => join(root, 'data', 'models', id)
  const cache = () => join(root, 'hub')
  const open = async (options: Pick<CatalogueOptions, 'folders' | 'cacheFile'> = {}): Promise<Catalogue> => {
    await catalogue?.close()
    catalogue = openCatalogue({
      dataDir: join(root, 'data'),
      env: { HF_HUB_CACHE: cache() },
      home: join(root, 'home'),
      starter: ModelId.parse('a/starter'),
      version: '1.2.3',
      quietMs: 5,
      againMs: 5,
      ...options,
    })
    await catalogue.ready
    return catalogue
  }
  const { open: openFile, readdir, readFile } = fsPromises
  /** Lets whatever opens a file or folder fail where its path ends so, as while no file descriptor is free. */
  const failAt = (end: string, code: string): void => {
    const failing = <Read>(read: Read): Read =>
      ((path: string, ...rest: never[]) =>
        path.endsWith(end)
          ? Promise.reject(Object.assign(new Error(`${code}: open`), { code }))
          : (read as (path: string, ...rest: never[]) => unknown)(path, ...rest)) as Read
    Object.assign(fsPromises, { open: failing(openFile), readdir: failing(readdir), readFile: failing(readFile) })
    syncBuiltinESMExports()
  }
  const failNowhere = (): void => {
    Object.assign(fsPromises, { open: openFile, readdir, readFile })
    syncBuiltinESMExports()
  }
  afterEach(failNowhere)
  const ids = (of: Catalogue) => of.list().map(({ modelId, source }) => `${modelId} ${source}`)
  const id = (text: string) => ModelId.parse(text)

  it.each(['data/models', 'a/starter', 'config.json', 'model.safetensors', 'tokenizer_config.json'])(
    'stay as they are where no file descriptor is free for %s, and are looked for again',
    async (end) => {
      writeModel(own('a/starter'))
      const found = await open()
      const [before] = found.list()
      failAt(end, 'EMFILE')
      // Changed files are read again.
      utimesSync(join(own('a/starter'), 'model.safetensors'), 1, 1)
      writeCachedModel(cache(), 'b/cached')
      await found.refresh()
      expect(found.list()).toEqual([before])
      expect(found.unreadable()).toEqual([])
      failNowhere()
      await vi.waitUntil(() => found.list().length === 2, { timeout: 30_000 })
      expect(found.list()).toMatchObject([{ abilities: before?.abilities }, { modelId: 'b/cached' }])
      for (const { problem } of found.list()) expect(problem).toBeUndefined()
    },
  )

  it('are gone with a folder that lastingly cannot be read', async () => {
    writeModel(own('a/starter'))
    const found = await open()
    failAt('data/models', 'EACCES')
    await found.refresh()
    expect(found.list()).toEqual([])
  })

  it('are none on a new machine', async () => {
    const { list, unreadable } = await open()
    expect(list()).toEqual([])
    expect(unreadable()).toEqual([])
  })

  it('are found in our own store, the Hugging Face cache and wherever LM Studio keeps its own', async () => {
    writeModel(own('a/starter'))
    writeCachedModel(cache(), 'b/cached')
    writeCachedModel(cache(), 'ownerless')
    writeModel(join(root, 'home', '.lmstudio', 'models', 'c', 'studio'))
    writeModel(join(root, 'home', '.cache', 'lm-studio', 'models', 'd', 'old-studio'))
    writeModel(join(root, 'elsewhere', 'e', 'moved-studio'))
    writeFileSync(
      join(root, 'home', '.lmstudio', 'settings.json'),
      JSON.stringify({ downloadsFolder: join(root, 'elsewhere') }),
    )
    const found = await open()
    expect(ids(found)).toEqual([
      'a/starter muster',
      'b/cached huggingface',
      'c/studio lmstudio',
      'd/old-studio lmstudio',
      'e/moved-studio lmstudio',
      'ownerless huggingface',
    ])
    expect(found.list().map(({ starter }) => starter)).toEqual([true, false, false, false, false, false])
  })

  it('are found where each version of ModelScope’s tools keeps its own, by their names at the hub', async () => {
    const scope = join(root, 'home', '.cache', 'modelscope')
    writeModel(join(scope, 'hub', 'models', 'Qwen', 'Qwen2___5-0___5B'))
    symlinkSync('Qwen2___5-0___5B', join(scope, 'hub', 'models', 'Qwen', 'Qwen2.5-0.5B'))
    writeModel(join(scope, 'models', 'b', 'newer'))
    writeModel(join(scope, 'hub', 'c', 'older'))
    expect(ids(await open())).toEqual(['Qwen/Qwen2.5-0.5B modelscope', 'b/newer modelscope', 'c/older modelscope'])
  })

  it('are found in each configured folder, in any layout, without duplicates', async () => {
    const [first, second] = [join(root, 'first'), join(root, 'second')]
    writeModel(join(first, 'a', 'one'))
    writeModel(join(second, 'converted-by-mlx-lm'))
    writeCachedModel(second, 'c/cached')
    writeModel(join(second, 'a', 'one'))
    writeModel(own('a/starter'))
    const found = await open({ folders: [first, second] })
    expect(ids(found)).toEqual([
      'a/one muster',
      'a/starter muster',
      'c/cached huggingface',
      'converted-by-mlx-lm muster',
    ])
    expect(found.find(ModelId.parse('a/one'))?.path).toBe(join(first, 'a', 'one'))
  })

  it('are cached for the next start while their files are unchanged', async () => {
    const cacheFile = join(root, 'found.json')
    writeModel(own('a/one'))
    writeModel(own('a/two'))
    const before = (await open({ cacheFile })).list()
    await expect.poll(() => existsSync(cacheFile)).toBe(true)
    // Told from the file: what it says of the same files is believed,
    const kept = readFileSync(cacheFile, 'utf8').replaceAll('"title":"one"', '"title":"kept"')
    writeFileSync(cacheFile, kept)
    utimesSync(join(own('a/two'), 'config.json'), 1, 1)
    const after = (await open({ cacheFile })).list()
    expect(after.map(({ title }) => title)).toEqual(['kept', before[1]?.title])
    // and one that cannot be read is passed over.
    writeFileSync(cacheFile, '{"v":1,"folders":{"x":5}}')
    expect((await open({ cacheFile })).list().map(({ title }) => title)).toEqual(before.map(({ title }) => title))
  })

  it('are those of the revision that main names, or else the newest', async () => {
    const old = writeCachedModel(cache(), 'a/one', { revision: 'old' })
    const recent = writeCachedModel(cache(), 'a/one', { revision: 'recent', main: 'old' })
    const older = writeCachedModel(cache(), 'b/two', { revision: 'older', main: 'lost' })
    const newer = writeCachedModel(cache(), 'b/two', { revision: 'newer', main: 'lost' })
    utimesSync(old, 1, 1)
    utimesSync(recent, 2, 2)
    utimesSync(older, 1, 1)
    utimesSync(newer, 2, 2)
    expect((await open()).list().map(({ path }) => path)).toEqual([old, newer])
  })

  it('appear once: a whole one before a broken one, then ours before others', async () => {
    writeModel(own('a/model'))
    writeCachedModel(cache(), 'a/model')
    writeModel(own('b/model'), { 'tokenizer.json': null })
    writeCachedModel(cache(), 'b/model')
    expect(ids(await open())).toEqual(['a/model muster', 'b/model huggingface'])
  })

  it('do not include what is unfinished, hidden or no model', async () => {
    for (const name of ['x.partial-123', 'y.partial', '.hidden']) writeModel(own(`a/${name}`))
    mkdirSync(own('a/empty'), { recursive: true })
    writeFileSync(own('stray-file'), '')
    const found = await open()
    expect(ids(found)).toEqual([])
    expect(found.unreadable()).toEqual([])
  })

  it('are listed apart from folders that cannot be read', async () => {
    writeModel(own('a/broken'), { 'config.json': '{' })
    const { list, unreadable, card } = await open()
    expect(list()).toEqual([])
    expect(unreadable()).toEqual([
      {
        modelId: 'a/broken',
        source: 'muster',
        path: own('a/broken'),
        problem: expect.stringContaining('config.json is damaged') as string,
        problemCode: 'damaged',
      },
    ])
    expect(await card(id('a/broken'))).toEqual({
      status: 'failed',
      reason: expect.stringContaining('config.json is damaged'),
      code: 'damaged',
    })
  })

  it('may be links to a folder elsewhere', async () => {
    const target = writeModel(join(root, 'disk', 'model'))
    mkdirSync(own('a'), { recursive: true })
    symlinkSync(target, own('a/linked'))
    expect(ids(await open())).toEqual(['a/linked muster'])
  })

  it('are left exactly as they are where they are not ours', async () => {
    writeCachedModel(cache(), 'b/cached')
    writeModel(join(root, 'home', '.lmstudio', 'models', 'c', 'studio'), { 'model.safetensors': 'damaged' })
    const everything = () =>
      [cache(), join(root, 'home')].flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
          const { size, mtimeMs, ctimeMs, mode } = lstatSync(join(folder, name))
          return { name, size, mtimeMs, ctimeMs, mode }
        }),
      )
    const before = everything()
    const found = await open()
    await found.card(id('b/cached'))
    expect(found.list()).toHaveLength(2)
    expect(everything()).toEqual(before)
  })

  it('follow changes of their files and notify subscribers', async () => {
    const found = await open()
    const heard = vi.fn()
    const stop = found.subscribe(heard)
    writeModel(own('a/new'), { 'tokenizer.json': null })
    await found.refresh()
    expect(found.find(id('a/new'))?.problem).toBe('tokenizer.json is missing')
    expect(heard).toHaveBeenCalledTimes(1)
    await found.refresh()
    expect(heard).toHaveBeenCalledTimes(1)
    writeFileSync(join(own('a/new'), 'tokenizer.json'), '{}')
    await vi.waitFor(() => expect(found.find(id('a/new'))?.problem).toBeUndefined(), { timeout: 30_000 })
    stop()
    const calls = heard.mock.calls.length
    rmSync(own('a/new'), { recursive: true })
    await found.refresh()
    expect(found.list()).toEqual([])
    expect(heard).toHaveBeenCalledTimes(calls)
  })

  it('give their card as the files are now', async () => {
    const { card } = await open()
    expect(await card(id('a/late'))).toEqual({ status: 'failed', reason: 'it is not on this machine' })
    writeModel(own('a/late'))
    expect(await card(id('a/late'))).toMatchObject({
      status: 'loaded',
      card: { storageBytes: safetensors(1000).length },
    })
    writeFileSync(join(own('a/late'), 'model.safetensors'), safetensors(2000))
    expect(await card(id('a/late'))).toMatchObject({ card: { storageBytes: safetensors(2000).length } })
  })
})

describe('the Hugging Face cache', () => {
  const at = (env: Record<string, string>) => huggingFaceCache({ env, home: '/home/ann' })

  it('is where huggingface_hub has it', () => {
    expect(at({})).toBe('/home/ann/.cache/huggingface/hub')
    expect(at({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/huggingface/hub')
    expect(at({ HF_HOME: '/hf', XDG_CACHE_HOME: '/cache' })).toBe('/hf/hub')
    expect(at({ HF_HUB_CACHE: '/hub', HF_HOME: '/hf' })).toBe('/hub')
    expect(at({ HF_HOME: '~/hf' })).toBe('/home/ann/hf/hub')
  })
})
