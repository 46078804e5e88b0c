import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ModelId } from '@core/ids'
import { Fetcher } from '@main/models/fetching/fetcher'
import { RateLimit } from '@main/models/fetching/rate-limit'
import { hubEndpoint } from '@main/models/hub/endpoint'
import { Hub } from '@main/models/hub/hub'
import { hubSource } from '@main/models/hub/hub-source'
import { shareWithHuggingFace, type SharedModel } from '@main/models/hugging-face-share'
import { huggingFaceModels } from '@main/models/stores/hugging-face-cache'
import { FakeHub } from '../harness/fake-hub'
import { temporaryFolder } from '../harness/headless-node'
import { filesIn, tinyEmbeddingModel } from '../harness/models'
import { python } from '../harness/paths'

const NAME = 'owner/tiny-embedding'
const modelId = ModelId.parse(NAME)

/** Asks Hugging Face's own library what is in a cache, without a network. */
const PROGRAM = `
import json, sys
from huggingface_hub import scan_cache_dir, snapshot_download
path = snapshot_download(sys.argv[2], cache_dir=sys.argv[1], local_files_only=True)
found = scan_cache_dir(sys.argv[1])
print(json.dumps({
    "path": path,
    "warnings": [str(one) for one in found.warnings],
    "repositories": [one.repo_id for one in found.repos],
    "bytes": found.size_on_disk,
    "refs": sorted(ref for one in found.repos for ref in one.refs),
}))
`
const Answer = z.object({
  path: z.string(),
  warnings: z.array(z.string()),
  repositories: z.array(z.string()),
  bytes: z.number(),
  refs: z.array(z.string()),
})

describe('a model that is shared with the programs of Hugging Face', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  let fetcher: Fetcher
  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeHub.start()
    hub.add(NAME, { folder: tinyEmbeddingModel() })
  })
  afterEach(async () => {
    await fetcher.close()
    await hub.close()
    folder.dispose()
  })
  const cache = () => join(folder.path, 'cache')
  const own = () => join(folder.path, 'models', NAME)

  /** Fetches it as a node does, and gives what is to be shared. */
  const fetched = (): Promise<SharedModel> => {
    const client = new Hub({
      endpoint: hubEndpoint({ env: {}, home: folder.path }, { url: hub.url }),
      offline: undefined,
    })
    return new Promise((resolve) => {
      fetcher = new Fetcher({
        modelsDir: join(folder.path, 'models'),
        peers: () => [],
        hub: (id) => hubSource(client, id),
        waiting: () => () => false,
        away: () => undefined,
        freeBytes: () => Promise.resolve(undefined),
        keepFreeBytes: () => 0,
        limit: new RateLimit({ bytesPerSecond: () => 0 }),
        onProgress: () => undefined,
        onBrought: (model) => Promise.resolve(resolve(model)),
        onComplete: () => Promise.resolve(undefined),
        log: { info: () => undefined, warn: () => undefined },
      })
      fetcher.need(modelId)
    })
  }
  const asked = async (): Promise<z.infer<typeof Answer>> => {
    const { stdout } = await promisify(execFile)(python, ['-c', PROGRAM, cache(), NAME], {
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    })
    return Answer.parse(JSON.parse(stdout))
  }

  it('is found whole by their own library, takes no room twice, and stays theirs when ours is deleted', async () => {
    const model = await fetched()
    await shareWithHuggingFace(cache(), model)
    await shareWithHuggingFace(cache(), model)
    const names = filesIn(own())
    const { path, ...found } = await asked()
    expect(found).toEqual({
      warnings: [],
      repositories: [NAME],
      bytes: names.reduce((sum, name) => sum + statSync(join(own(), name)).size, 0),
      refs: ['main'],
    })
    for (const name of names) {
      expect(statSync(join(path, name)).ino).toBe(statSync(join(own(), name)).ino)
      expect(readFileSync(join(path, name)).equals(readFileSync(join(tinyEmbeddingModel(), name)))).toBe(true)
    }
    expect((await huggingFaceModels(cache())).map((one) => one.modelId)).toEqual([NAME])
    rmSync(own(), { recursive: true })
    expect((await asked()).path).toBe(path)
    expect(readFileSync(join(path, 'config.json')).length).toBeGreaterThan(0)
  })

  it('is written through no link in the cache', async () => {
    const model = await fetched()
    const elsewhere = join(folder.path, 'elsewhere')
    mkdirSync(elsewhere)
    mkdirSync(cache())
    symlinkSync(elsewhere, join(cache(), `models--${NAME.replace('/', '--')}`))
    await expect(shareWithHuggingFace(cache(), model)).rejects.toMatchObject({ code: 'not_ours' })
    expect(existsSync(join(elsewhere, 'blobs'))).toBe(false)
  })
})
