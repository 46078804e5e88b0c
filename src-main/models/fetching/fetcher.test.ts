import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { Fetcher, type FetcherOptions } from './fetcher'
import { RateLimit } from './rate-limit'
import type { Source } from './source'

const modelId = ModelId.parse('owner/model')
const content = Buffer.from('{}')

/** A source of a model of one small file. */
const source: Source = {
  name: 'source.test',
  connections: 1,
  offer: () =>
    Promise.resolve({
      files: [{ name: 'config.json', size: content.length }],
      read: () =>
        Promise.resolve({
          isWhole: true,
          bytes: (async function* () {
            yield await Promise.resolve(content)
          })(),
        }),
      digestKind: () => 'sha256' as const,
      digest: () =>
        Promise.resolve({ kind: 'sha256' as const, hex: createHash('sha256').update(content).digest('hex') }),
    }),
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-fetcher-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A fetcher, with what is told of the model. */
const open = (given: Partial<FetcherOptions>): { fetcher: Fetcher; told: (Download | undefined)[] } => {
  const told: (Download | undefined)[] = []
  const fetcher = new Fetcher({
    modelsDir: folder,
    peers: () => [],
    hub: () => source,
    away: () => undefined,
    waiting: () => () => false,
    freeBytes: () => Promise.resolve(undefined),
    keepFreeBytes: () => 0,
    limit: new RateLimit({ bytesPerSecond: () => 0 }),
    onProgress: (_modelId, download) => void told.push(download),
    onComplete: () => Promise.resolve(undefined),
    log: { info: () => undefined, warn: () => undefined },
    ...given,
  })
  return { fetcher, told }
}

/** Downloads the model, and returns what was told of it. */
const downloaded = async (given: Partial<FetcherOptions>): Promise<(Download | undefined)[]> => {
  const { fetcher, told } = open(given)
  fetcher.need(modelId)
  await expect.poll(() => fetcher.isFetching(modelId)).toBe(false)
  return told
}

it('a download that ends for a reason that nobody foresaw has failed, and tells it', async () => {
  const told = await downloaded({ onComplete: () => Promise.reject(new Error('EIO: i/o error, scandir')) })
  expect(told.at(-1)).toMatchObject({ status: 'Failed', error: 'EIO: i/o error, scandir' })
})

it('a download that succeeds tells its progress, and no failure', async () => {
  const told = await downloaded({})
  expect(told.map((download) => download?.status)).not.toContain('Failed')
})

it('a paused download that is asked for again is told as paused no longer, however late its source answers', async () => {
  const silent: Source = {
    ...source,
    offer: (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('given up')))),
  }
  const { fetcher, told } = open({ hub: () => silent })
  await fetcher.ask(modelId)
  await fetcher.pause(modelId)
  expect(told.at(-1)).toMatchObject({ status: 'Pending', paused: true })
  await fetcher.ask(modelId)
  expect(told.at(-1)).toEqual({ status: 'Ongoing', downloadedBytes: 0, totalBytes: 0 })
  await fetcher.close()
})
