import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId, NodeId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { emptyState } from '@core/state/state'
import { Downloads } from './downloads'
import { Fetcher } from './fetching/fetcher'
import { RateLimit } from './fetching/rate-limit'

let folder: string
let modelsDir: string
let elsewhere: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-downloads-'))
  modelsDir = join(folder, 'data', 'models')
  elsewhere = join(folder, 'elsewhere')
  mkdirSync(modelsDir, { recursive: true })
  put(join(elsewhere, 'name', 'config.json'))
  put(join(elsewhere, 'name.partial', 'config.json'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '{}')
}

const offline = (): never => {
  throw new Error('nothing is fetched here')
}

/** A download store whose catalogue finds models by any path that leads to them. */
const downloads = (): Downloads => {
  const fetcher = new Fetcher({
    modelsDir,
    ...{
      peers: () => [],
      hub: offline,
      waiting: () => () => false,
      away: () => undefined,
      freeBytes: async () => undefined,
      keepFreeBytes: () => 0,
      limit: new RateLimit({ bytesPerSecond: () => 0 }),
    },
    ...{ onProgress: () => undefined, onComplete: async () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  })
  const find = (modelId: ModelId): CatalogueModel | undefined => {
    const path = join(modelsDir, modelId)
    return existsSync(join(path, 'config.json')) ? ({ modelId, source: 'muster', path } as CatalogueModel) : undefined
  }
  return new Downloads({
    nodeId: NodeId.parse('here'),
    modelsDir,
    fetcher,
    catalogue: { held: find, unreadable: () => [], refresh: async () => undefined },
    hub: { described: offline },
    away: () => undefined,
    state: emptyState,
  })
}

describe('deleting a model', () => {
  it('deletes it and its partial download', async () => {
    put(join(modelsDir, 'owner', 'name', 'config.json'))
    put(join(modelsDir, 'owner', 'name.partial', 'config.json'))
    put(join(modelsDir, 'owner', 'other', 'config.json'))
    await downloads().remove(ModelId.parse('owner/name'))
    expect(readdirSync(join(modelsDir, 'owner'))).toEqual(['other'])
  })

  it('deletes nothing behind an owner folder that is a link, and says what to do', async () => {
    symlinkSync(elsewhere, join(modelsDir, 'owner'))
    await expect(downloads().remove(ModelId.parse('owner/name'))).rejects.toMatchObject({ code: 'not_ours' })
    rmSync(join(elsewhere, 'name.partial'), { recursive: true })
    const refusal = downloads().remove(ModelId.parse('owner/name'))
    await expect(refusal).rejects.toMatchObject({ code: 'not_ours', hint: expect.stringContaining('owner') as string })
    expect(readdirSync(elsewhere)).toEqual(['name'])
    expect(readdirSync(join(elsewhere, 'name'))).toEqual(['config.json'])
  })

  it('that is a link removes the link only', async () => {
    mkdirSync(join(modelsDir, 'owner'))
    symlinkSync(join(elsewhere, 'name'), join(modelsDir, 'owner', 'name'))
    symlinkSync(join(elsewhere, 'name.partial'), join(modelsDir, 'owner', 'name.partial'))
    await downloads().remove(ModelId.parse('owner/name'))
    expect(readdirSync(join(modelsDir, 'owner'))).toEqual([])
    for (const name of ['name', 'name.partial']) expect(readdirSync(join(elsewhere, name))).toEqual(['config.json'])
  })
})
