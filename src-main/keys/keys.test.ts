import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Envelope, Event } from '@core/events/event'
import { ApiKeyId, ModelId, NodeId } from '@core/ids'
import { withUse, type UsageByKey, type Use } from '@core/keys/usage'
import { next } from '@core/events/next'
import { World } from '@core/testing/world'
import { clusterUsage } from './cluster-usage'
import { KeyMeters } from './key-meters'
import { UsageCounts } from './usage-counts'

const apiKeyId = ApiKeyId.parse('k')
const counts = { requests: 1, promptTokens: 5, cachedTokens: 0, completionTokens: 2 }
const use: Use = { key: apiKeyId, modelId: ModelId.parse('m/a'), counts, at: 1_700_000_000_000 }

/** State of a node with one API key. */
class Known {
  readonly world = new World()
  private readonly listeners = new Set<(envelope: Envelope) => void>()
  readonly state = () => this.world.state
  constructor() {
    this.take({
      type: 'ApiKeyCreated',
      apiKey: { apiKeyId, name: 'k', hash: '', createdAt: 0, limits: { concurrent: 1 } },
    })
  }
  readonly subscribe = (listener: (envelope: Envelope) => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
  take(event: Event): void {
    const envelope = next(this.world.state, event, this.world.now)
    this.world.apply(event)
    for (const listener of this.listeners) listener(envelope)
  }
}

describe('the usage that a node has counted', () => {
  let dataDir: string
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'muster-test-'))))
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  const warnings: string[] = []
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) }
  const open = (source: Known) => UsageCounts.open({ dataDir, source, log, writeEveryMs: 1e6 })

  it('is on disk after close, and counting continues from there', async () => {
    const source = new Known()
    for (let start = 0; start < 2; start += 1) {
      const usage = await open(source)
      usage.add(use)
      await usage.close()
    }
    const again = await open(source)
    expect(again.current[apiKeyId]?.models['m/a']?.total.requests).toBe(2)
    await again.close()
  })

  it('is deleted with its key, also after a revocation while the node was away, and no late answer brings it back', async () => {
    const source = new Known()
    const usage = await open(source)
    usage.add(use)
    await usage.close()
    source.take({ type: 'ApiKeyRevoked', apiKeyId })
    const again = await open(source)
    again.add(use)
    expect(again.current).toEqual({})
    await again.close()
    expect(readFileSync(join(dataDir, 'usage.json'), 'utf8')).not.toContain('m/a')
  })

  it('starts at zero with a warning if its file is damaged', async () => {
    writeFileSync(join(dataDir, 'usage.json'), '{"version":1,"usage":{"k":7}}')
    const usage = await open(new Known())
    expect([usage.current, warnings]).toEqual([{}, [expect.stringContaining('usage.json')]])
    await usage.close()
  })
})

describe('the usage of a cluster', () => {
  afterEach(() => void vi.useRealTimers())

  const [self, there, away, older] = ['self', 'there', 'away', 'older'].map((name) => NodeId.parse(name)) as [
    NodeId,
    NodeId,
    NodeId,
    NodeId,
  ]

  it('is the sum over members that answer; the others are listed as missing', async () => {
    const own: UsageByKey = withUse({}, use)
    const { usage, missing } = await clusterUsage({
      self,
      own: () => own,
      members: () => [self, there, away, older],
      ask: (peer) => {
        if (peer === there) return Promise.resolve(JSON.parse(JSON.stringify(own)))
        return peer === away ? Promise.reject(new Error('not connected')) : Promise.resolve({ odd: 'answer' })
      },
    })
    expect(usage[apiKeyId]?.models['m/a']?.total.requests).toBe(2)
    expect(missing).toEqual([away, older])
  })

  it('is that of this month beside a member whose clock is years ahead', async () => {
    vi.useFakeTimers({ now: use.at, toFake: ['Date'] })
    const { usage } = await clusterUsage({
      self,
      own: () => withUse({}, use),
      members: () => [self, there],
      ask: () => Promise.resolve(withUse({}, { ...use, at: Date.UTC(9999, 0) })),
    })
    expect(usage[apiKeyId]?.models['m/a']).toMatchObject({ total: { requests: 2 }, month: { counts } })
    expect(usage[apiKeyId]?.lastUsedAt).toBe(use.at)
  })
})

describe('the limits of a key', () => {
  it('hold for the key until a request ends, which it does once', () => {
    const source = new Known()
    const meters = new KeyMeters({ source, now: () => 0 })
    const first = meters.begin(apiKeyId, 1)
    expect([first.verdict.kind, meters.begin(apiKeyId, 1).verdict.kind]).toEqual(['admitted', 'refused'])
    first.end(1)
    first.end(1)
    expect([meters.begin(apiKeyId, 1), meters.begin(apiKeyId, 1)].map(({ verdict }) => verdict.kind)).toEqual([
      'admitted',
      'refused',
    ])
    expect(meters.begin(undefined, 1).verdict.kind).toBe('admitted')
    meters.close()
  })
})
