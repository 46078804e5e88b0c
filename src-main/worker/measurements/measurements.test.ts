import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { readyWorld } from '@core/testing/world'
import { Measurements, type MeasurementsOptions } from './measurements'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-measurements-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const opened = (options: Partial<MeasurementsOptions> = {}) => {
  const onChange = vi.fn()
  const log = { info: vi.fn(), warn: vi.fn() }
  const probe = vi.fn(() => Promise.resolve(5e9))
  const settings = { dataDir, probe, isBusy: () => false, onChange, log, settledAfterMs: 0, ...options }
  return { onChange, log, probe, measurements: Measurements.open(settings) }
}
const ranInstance = () => {
  const { world, id } = readyWorld()
  return world.instance(id)
}

describe('the memory bandwidth', () => {
  it('is measured once for a chip and known after the next start', async () => {
    const first = opened()
    const measurements = await first.measurements
    expect(measurements.memoryBandwidth('Xeon')).toBeUndefined()
    expect(measurements.memoryBandwidth('Xeon')).toBeUndefined()
    await eventually(() => expect(first.onChange).toHaveBeenCalledOnce())
    expect(measurements.memoryBandwidth('Xeon')).toBe(5e9)
    await measurements.close()

    const second = opened()
    expect((await second.measurements).memoryBandwidth('Xeon')).toBe(5e9)
    expect(first.probe).toHaveBeenCalledOnce()
    expect(second.probe).not.toHaveBeenCalled()
  })

  it('is not measured while a runner works', async () => {
    let busy = true
    const { measurements, probe, onChange } = opened({ isBusy: () => busy })
    ;(await measurements).memoryBandwidth('Xeon')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(probe).not.toHaveBeenCalled()
    busy = false
    await eventually(() => expect(onChange).toHaveBeenCalledOnce())
  })

  it('stays unknown where it cannot be measured, and nothing else fails', async () => {
    const { measurements, log, probe } = opened({ probe: () => Promise.reject(new Error('no Python')) })
    ;(await measurements).memoryBandwidth('Xeon')
    await eventually(() => expect(log.warn).toHaveBeenCalledOnce())
    expect((await measurements).memoryBandwidth('Xeon')).toBeUndefined()
    expect(probe).not.toHaveBeenCalled()
  })
})

describe('measured speeds', () => {
  it('are told where they have changed, and known after the next start', async () => {
    const { measurements, onChange } = opened()
    const known = await measurements
    known.ran(ranInstance(), 10)
    known.ran(ranInstance(), 10.1)
    expect(onChange).toHaveBeenCalledOnce()
    known.ran(ranInstance(), 30)
    expect(onChange).toHaveBeenCalledTimes(2)
    await known.close()
    expect((await opened().measurements).speeds).toMatchObject([{ runs: 3 }])
  })

  it('begin anew where their file is damaged', async () => {
    const path = join(dataDir, 'measurements.json')
    writeFileSync(path, '{"speeds": 7')
    const measurements = await opened().measurements
    expect(measurements.speeds).toEqual([])
    measurements.ran(ranInstance(), 10)
    await measurements.close()
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ speeds: [{ tokensPerSecond: 10 }] })
  })
})
