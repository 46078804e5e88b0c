import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MachineFacts } from './facts'
import { isSignificant } from './significance'
import { watchSystem, type SystemWatch } from './watch'

const GB = 1e9

const facts = (
  changes: Partial<MachineFacts> & { available?: number; load?: number; free?: number } = {},
): MachineFacts => {
  const { available = 8 * GB, load = 0, free = 50 * GB, ...others } = changes
  return {
    chip: 'Apple M4',
    memory: { ramTotal: 16 * GB, ramAvailable: available, heldByRunners: 0 },
    system: { cpuLoad: load },
    disk: { totalBytes: 100 * GB, freeBytes: free },
    network: { interfaces: [] },
    os: { platform: 'darwin', release: '25', name: 'macOS 26.5.1' },
    ...others,
  }
}

describe('a change that matters', () => {
  it.each<[string, MachineFacts, boolean]>([
    ['none', facts(), false],
    ['memory by 1 %', facts({ available: 8 * GB - 0.01 * 16 * GB }), false],
    ['memory by 2 %', facts({ available: 8 * GB - 0.02 * 16 * GB }), true],
    ['load by 4 %', facts({ load: 0.04 }), false],
    ['load by 5 %', facts({ load: 0.05 }), true],
    ['disk by half a percent', facts({ free: 49.5 * GB }), false],
    ['disk by 1 %', facts({ free: 49 * GB }), true],
    [
      'an interface',
      facts({ network: { interfaces: [{ name: 'en0', type: 'wifi', addresses: ['10.0.0.1'] }] } }),
      true,
    ],
    ['the chip', facts({ chip: 'Apple M5' }), true],
    ['what runners hold', facts({ memory: { ramTotal: 16 * GB, ramAvailable: 8 * GB, heldByRunners: GB } }), true],
  ])('is judged: %s', (_, now, significant) => {
    expect(isSignificant(facts(), now)).toBe(significant)
  })
})

describe('a change of sensors that matters', () => {
  const known = { cpuLoad: 0, gpuLoad: 0.5, temperature: 50, powerWatts: 30, memoryPressure: 'normal' } as const
  it.each<[string, Partial<NonNullable<MachineFacts['system']>>, boolean]>([
    ['graphics by 4 %', { gpuLoad: 0.54 }, false],
    ['graphics by 6 %', { gpuLoad: 0.56 }, true],
    ['4 degrees', { temperature: 54 }, false],
    ['6 degrees', { temperature: 56 }, true],
    ['4 watts', { powerWatts: 34 }, false],
    ['6 watts', { powerWatts: 36 }, true],
    ['pressure', { memoryPressure: 'warning' }, true],
  ])('is judged: %s', (_, change, significant) => {
    expect(isSignificant(facts({ system: known }), facts({ system: { ...known, ...change } }))).toBe(significant)
  })

  it('includes a sensor that appears for the first time', () => {
    expect(isSignificant(facts({ system: { cpuLoad: 0 } }), facts({ system: { cpuLoad: 0, powerWatts: 1 } }))).toBe(
      true,
    )
  })
})

describe('watching the machine', () => {
  let now: MachineFacts
  let looks: number
  let seen: MachineFacts[]
  let watch: SystemWatch
  let news: () => void
  beforeEach(() => {
    vi.useFakeTimers()
    now = facts()
    looks = 0
    seen = []
    const gather = () => {
      looks += 1
      return Promise.resolve(now)
    }
    watch = watchSystem({
      machine: { gather, onNews: (listener) => (news = listener) },
      every: 1000,
      onChange: (changed) => seen.push(changed),
    })
  })
  afterEach(async () => {
    await watch.close()
    vi.useRealTimers()
  })

  it('reports at once, and then only significant changes', async () => {
    await vi.advanceTimersByTimeAsync(10_000)
    expect(looks).toBe(11)
    expect(seen).toEqual([facts()])
    now = facts({ available: GB })
    await vi.advanceTimersByTimeAsync(1000)
    expect(seen).toEqual([facts(), facts({ available: GB })])
    expect(watch.current()).toEqual(facts({ available: GB }))
  })

  it('is ready when the first facts were reported', async () => {
    await watch.ready
    expect(seen).toEqual([facts()])
    expect(looks).toBe(1)
  })

  it('adds small changes up', async () => {
    await vi.advanceTimersByTimeAsync(0)
    for (const available of [7.9, 7.8, 7.7, 7.6]) {
      now = facts({ available: available * GB })
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(seen.map(({ memory }) => memory.ramAvailable)).toEqual([8 * GB, 7.6 * GB])
  })

  it('does not report a load that oscillates around a step', async () => {
    await vi.advanceTimersByTimeAsync(0)
    for (const load of [0.024, 0.026, 0.024, 0.026]) {
      now = facts({ load })
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(seen).toHaveLength(1)
  })

  it('reports load in steps of 5 %', async () => {
    await vi.advanceTimersByTimeAsync(0)
    now = facts({ load: 0.337 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(seen.at(-1)?.system?.cpuLoad).toBe(0.35)
  })

  it('reports other figures as whole degrees and watts', async () => {
    await vi.advanceTimersByTimeAsync(0)
    now = facts({ system: { cpuLoad: 0, gpuLoad: 0.337, temperature: 61.223, powerWatts: 14.772 } })
    await vi.advanceTimersByTimeAsync(1000)
    expect(seen.at(-1)?.system).toEqual({ cpuLoad: 0, gpuLoad: 0.35, temperature: 61, powerWatts: 15 })
  })

  it('reads at once when asked to', async () => {
    await vi.advanceTimersByTimeAsync(0)
    now = facts({ available: GB })
    await watch.refresh()
    expect(seen).toHaveLength(2)
  })

  it('reads at once when a background reading has finished', async () => {
    await vi.advanceTimersByTimeAsync(0)
    now = facts({ rdma: { status: 'enabled', devices: [] } })
    news()
    await vi.advanceTimersByTimeAsync(0)
    expect(seen.at(-1)?.rdma?.status).toBe('enabled')
    expect(seen).toHaveLength(2)
  })

  it('reports nothing after it was closed', async () => {
    await vi.advanceTimersByTimeAsync(0)
    await watch.close()
    now = facts({ available: GB })
    await vi.advanceTimersByTimeAsync(10_000)
    await watch.refresh()
    expect(seen).toHaveLength(1)
    expect(looks).toBe(1)
  })
})
