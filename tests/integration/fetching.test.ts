import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { inEnglish } from '@core/texts/english'
import type { Download } from '@core/state/downloads'
import { Fetcher } from '@main/models/fetching/fetcher'
import { peerSource } from '@main/models/fetching/peer-source'
import { sharing } from '@main/models/fetching/sharing'
import { RateLimit } from '@main/models/fetching/rate-limit'
import type { Source } from '@main/models/fetching/source'
import { hubEndpoint } from '@main/models/hub/endpoint'
import { Hub } from '@main/models/hub/hub'
import { hubSource } from '@main/models/hub/hub-source'
import { FakeHub } from '../harness/fake-hub'
import { temporaryFolder } from '../harness/headless-node'
import { filesIn, TINY, tinyEmbeddingModel, tinyModel } from '../harness/models'

const tiny = ModelId.parse(TINY)
const WEIGHTS = 'model.safetensors'
const WEIGHTS_THERE = `${WEIGHTS}?`

describe('bringing a model here', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  let peers: Source[]
  let told: (Download | undefined)[]
  let fetcher: Fetcher
  let arrived: Promise<void>
  let free: number | undefined
  let kept: number
  let pieceBytes: number
  let arrive: () => void
  let waits: number[]

  const partial = () => join(folder.path, `${TINY}.partial`)
  const target = () => join(folder.path, TINY)
  /** Why it failed, as the codes say it that other languages are made of. */
  const errors = () =>
    told.flatMap((download) =>
      download?.error === undefined ? [] : [download.coded ? inEnglish(download.coded) : `no code: ${download.error}`],
    )

  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeHub.start()
    hub.add(TINY, { folder: tinyModel() })
    peers = []
    told = []
    waits = []
    free = undefined
    kept = 0
    pieceBytes = 32 * 1024 * 1024
    arrived = new Promise((resolve) => (arrive = resolve))
    fetcher = open()
  })

  /** As a node opens it when it starts. */
  const open = (): Fetcher => {
    const client = new Hub({
      endpoint: hubEndpoint({ env: { HF_ENDPOINT: hub.url }, home: folder.path }),
      offline: undefined,
    })
    return new Fetcher({
      modelsDir: folder.path,
      peers: () => peers,
      hub: (modelId) => hubSource(client, modelId),
      waiting: () => () => false,
      away: () => undefined,
      freeBytes: () => Promise.resolve(free),
      keepFreeBytes: () => kept,
      limit: new RateLimit({ bytesPerSecond: () => 0 }),
      pieceBytes,
      onProgress: (_modelId, download) => void told.push(download),
      onComplete: () => {
        arrive()
        return Promise.resolve(undefined)
      },
      log: { info: () => undefined, warn: () => undefined },
      wait: async (milliseconds) => {
        waits.push(milliseconds)
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
  }
  afterEach(async () => {
    await fetcher.close()
    await hub.close()
    folder.dispose()
  })

  /** A machine that has the model: its own side of the conversation, without the link between. */
  const peer = (path: string, { endsAfterBytes = Infinity } = {}): Source => {
    const handlers = new Map(sharing(() => path))
    let left = endsAfterBytes
    return peerSource({
      modelId: tiny,
      name: 'Mac Studio',
      open: async function* (kind, params, signal) {
        for await (const item of handlers.get(kind)?.(params, signal) ?? []) {
          if (item instanceof Uint8Array) left -= item.length
          if (left < 0) throw new Error('The connection to that machine was lost')
          yield item
        }
      },
    })
  }
  const isWhole = (from = tinyModel()): void => {
    expect(existsSync(partial())).toBe(false)
    const names = filesIn(target())
    expect(names).toEqual(filesIn(from))
    for (const name of names)
      expect(readFileSync(join(target(), name)).equals(readFileSync(join(from, name)))).toBe(true)
  }

  it('asks other machines first, and the hub not at all where one of them gives it', async () => {
    peers = [peer(tinyModel())]
    fetcher.need(tiny)
    await arrived
    isWhole()
    expect(hub.requests).toEqual([])
  })

  it.each(['another machine', 'the hub'])(
    'brings the settings of an embedding model’s steps from %s',
    async (where) => {
      hub.add(TINY, { folder: tinyEmbeddingModel() })
      if (where === 'another machine') peers = [peer(tinyEmbeddingModel())]
      mkdirSync(join(partial(), '1_Pooling'), { recursive: true })
      writeFileSync(join(partial(), '1_Pooling', 'model.py'), 'no part of it')
      fetcher.need(tiny)
      await arrived
      isWhole(tinyEmbeddingModel())
      expect(readdirSync(join(target(), '1_Pooling'))).toEqual(['config.json'])
      if (where === 'another machine') expect(hub.requests).toEqual([])
    },
  )

  it('goes on from the hub with what a machine that is gone has begun', async () => {
    peers = [peer(tinyModel(), { endsAfterBytes: 300_000 })]
    fetcher.need(tiny)
    await arrived
    isWhole()
    const { range } = await hub.asked(({ server }) => server === 'cdn')
    const from = Number(/\d+/.exec(range ?? '')?.[0])
    expect(from).toBeGreaterThan(200_000)
    expect(from + hub.sentOf(WEIGHTS)).toBe(readFileSync(join(tinyModel(), WEIGHTS)).length)
  })

  it('makes no whole of two halves that do not belong together: it is found by its hash, and fetched again', async () => {
    const other = join(folder.path, 'elsewhere')
    mkdirSync(other)
    for (const name of readdirSync(tinyModel())) writeFileSync(join(other, name), readFileSync(join(tinyModel(), name)))
    const weights = readFileSync(join(tinyModel(), WEIGHTS)).fill(7, 1000, 2000)
    writeFileSync(join(other, WEIGHTS), weights)
    peers = [peer(other, { endsAfterBytes: 300_000 })]
    fetcher.need(tiny)
    await arrived
    isWhole()
    expect(errors().join()).toContain(`${WEIGHTS} arrived damaged`)
  })

  it('keeps no file that only another source had', async () => {
    mkdirSync(partial(), { recursive: true })
    writeFileSync(join(partial(), 'model-00001-of-00002.safetensors'), 'of another version')
    writeFileSync(join(partial(), 'config.json'), readFileSync(join(tinyModel(), WEIGHTS)))
    fetcher.need(tiny)
    await arrived
    isWhole()
    expect(existsSync(join(target(), 'model-00001-of-00002.safetensors'))).toBe(false)
  })

  it('begins anew where a hub cannot begin in the middle', async () => {
    hub.cutNext(WEIGHTS_THERE, { afterBytes: 200_000 })
    hub.ignoreRanges()
    fetcher.need(tiny)
    await arrived
    isWhole()
    expect(Math.max(...told.map((download) => download?.downloadedBytes ?? 0))).toBeLessThanOrEqual(
      Math.max(...told.map((download) => download?.totalBytes ?? 0)),
    )
  })

  it('waits as long as the hub says', async () => {
    hub.failNext('/api/models/', 429, { headers: { 'retry-after': '120' } })
    fetcher.need(tiny)
    await arrived
    expect([waits, errors()]).toEqual([[120_000], [expect.stringContaining('takes no more requests')]])
  })

  it('tries again after 1, 2, 4 … 30 s, and from the beginning once it gets on', async () => {
    hub.failNext('/api/models/', 503, { times: 7 })
    hub.cutNext(WEIGHTS_THERE, { afterBytes: 200_000 })
    fetcher.need(tiny)
    await arrived
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 1000])
    isWhole()
  })

  it('begins nothing that the disk has no room for, and says how much is missing', async () => {
    free = 256 * 1024 * 1024 + 5000
    fetcher.need(tiny)
    await expect.poll(() => errors()[0]).toMatch(/the disk is full: .* more are needed and .* are free\. Make room/)
    expect(hub.requests.filter(({ server }) => server === 'cdn')).toEqual([])
    free = undefined
    await arrived
  })

  it('stops when nobody needs it any more, and goes on from there when somebody does', async () => {
    hub.limit(400_000)
    fetcher.need(tiny)
    await hub.asked(({ server, sent }) => server === 'cdn' && sent >= 0)
    await expect.poll(() => hub.sentOf(WEIGHTS)).toBeGreaterThan(100_000)
    fetcher.release(tiny)
    await expect.poll(() => fetcher.isFetching(tiny)).toBe(false)
    expect(told.at(-1)).toBeUndefined()
    expect(existsSync(join(partial(), WEIGHTS))).toBe(true)
    hub.limit(Infinity)
    fetcher.need(tiny)
    await arrived
    expect(hub.requests.filter(({ server }) => server === 'cdn').at(-1)?.range).toMatch(/^bytes=[1-9]/)
    isWhole()
  })

  it('leaves nothing of what a person gave up', async () => {
    hub.limit(400_000)
    await fetcher.ask(tiny)
    await expect.poll(() => hub.sentOf(WEIGHTS)).toBeGreaterThan(50_000)
    expect(await fetcher.cancel(tiny)).toBe(true)
    expect([existsSync(partial()), existsSync(target()), told.at(-1)]).toEqual([false, false, undefined])
    expect(await fetcher.cancel(tiny)).toBe(false)
  })

  it('writes nowhere but into its own store, whatever a model is called', async () => {
    for (const id of ['../../tmp/x', 'a/../../b', '/etc/passwd', 'a/.hidden', 'a/b.partial', 'plain']) {
      const modelId = ModelId.parse(id)
      fetcher.need(modelId)
      await fetcher.ask(modelId)
      expect(fetcher.isFetching(modelId)).toBe(false)
    }
    expect(errors()).toHaveLength(12)
    expect(hub.requests).toEqual([])
    expect(readdirSync(folder.path)).toEqual([])
  })

  describe('in several pieces', () => {
    const size = readFileSync(join(tinyModel(), WEIGHTS)).length
    const ranges = () => hub.requests.flatMap(({ server, range }) => (server === 'cdn' ? [range ?? ''] : []))
    beforeEach(async () => {
      await fetcher.close()
      pieceBytes = 64 * 1024
      fetcher = open()
    })

    it('asks for each part of a large file once, and is sent on to its bytes once', async () => {
      fetcher.need(tiny)
      await arrived
      isWhole()
      const pieces = Math.ceil(size / pieceBytes)
      expect(new Set(ranges()).size).toBe(pieces)
      expect(ranges()).toHaveLength(pieces)
      expect(hub.sentOf(WEIGHTS)).toBe(size)
      const asked = hub.requests.filter(({ server, path }) => server === 'hub' && path.endsWith(WEIGHTS))
      // Those that are asked for before the first answer has come have not heard of the address.
      expect(asked.length).toBeLessThan(pieces)
    })

    it('keeps what arrived when the connection is cut', async () => {
      hub.cutNext(WEIGHTS_THERE, { afterBytes: 40_000, times: 3 })
      fetcher.need(tiny)
      await arrived
      isWhole()
      expect(Math.max(...told.map((download) => download?.downloadedBytes ?? 0))).toBeLessThanOrEqual(
        Math.max(...told.map((download) => download?.totalBytes ?? 0)),
      )
      expect(ranges().some((range) => Number(/\d+/.exec(range)?.[0]) % pieceBytes !== 0)).toBe(true)
    })

    it('goes on after a restart where each of them was', async () => {
      hub.limit(100_000)
      await fetcher.ask(tiny)
      await expect.poll(() => hub.sentOf(WEIGHTS)).toBeGreaterThan(200_000)
      await fetcher.close()
      const before = hub.requests.length
      hub.limit(Infinity)
      fetcher = open()
      await fetcher.resume()
      await arrived
      isWhole()
      const again = hub.requests.slice(before).filter(({ server }) => server === 'cdn')
      expect(again.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(size - 100_000)
    })

    it('asks for the whole, once, where a hub gives no parts', async () => {
      hub.ignoreRanges()
      fetcher.need(tiny)
      await arrived
      isWhole()
      expect(hub.requests.filter(({ server }) => server === 'cdn')).toHaveLength(1)
    })

    it('fetches all of a file again that is damaged in one of them', async () => {
      hub.damageNext(WEIGHTS_THERE)
      fetcher.need(tiny)
      await arrived
      isWhole()
      expect(errors().join()).toContain(`${WEIGHTS} arrived damaged`)
      expect(hub.sentOf(WEIGHTS)).toBe(2 * size)
    })

    it('asks a signed address anew that has expired', async () => {
      hub.failNext(WEIGHTS_THERE, 403)
      fetcher.need(tiny)
      await arrived
      isWhole()
    })
  })

  it('leaves free on the disk what people want free, before it begins and while it comes', async () => {
    kept = 5e9
    free = 5e9 + 5000
    fetcher.need(tiny)
    await expect
      .poll(() => errors()[0])
      .toMatch(/are free beside the 5 GB that the setting keepFreeGigabytes keeps free/)
    expect(hub.requests.filter(({ server }) => server === 'cdn')).toEqual([])
    hub.limit(400_000)
    free = 10e9
    await hub.asked(({ server }) => server === 'cdn')
    free = 4e9
    hub.cutNext(WEIGHTS_THERE, { afterBytes: 1000 })
    await expect.poll(() => errors().at(-1)).toMatch(/the disk is full|only 4 GB are left/)
    hub.limit(Infinity)
    free = 10e9
    await arrived
    isWhole()
  })

  it('stands still when a person pauses it, also after a restart, until somebody asks for it', async () => {
    hub.limit(400_000)
    await fetcher.ask(tiny)
    await expect.poll(() => hub.sentOf(WEIGHTS)).toBeGreaterThan(100_000)
    expect(await fetcher.pause(tiny)).toBe(true)
    const paused = told.at(-1)
    expect(paused).toMatchObject({ status: 'Pending', paused: true })
    expect(paused?.downloadedBytes).toBeGreaterThan(50_000)
    expect(paused?.totalBytes).toBeGreaterThan(paused?.downloadedBytes ?? 0)
    await fetcher.close()
    const before = hub.requests.length
    hub.limit(Infinity)
    fetcher = open()
    fetcher.need(tiny)
    await fetcher.resume()
    fetcher.need(tiny)
    await expect.poll(() => fetcher.isFetching(tiny)).toBe(false)
    expect([told.at(-1), hub.requests.length]).toEqual([paused, before])
    await fetcher.ask(tiny)
    await arrived
    isWhole()
    expect(hub.requests.filter(({ server }) => server === 'cdn').at(-1)?.range).toMatch(/^bytes=[1-9]/)
  })
})
