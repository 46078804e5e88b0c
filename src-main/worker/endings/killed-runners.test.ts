import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KilledRunners, type KilledRunnersOptions } from './killed-runners'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-killed-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const boot = { id: 'B1', startedAt: 1_000_000 }
const log = { warn: vi.fn() }
const open = (options: Partial<KilledRunnersOptions> = {}): Promise<KilledRunners> =>
  KilledRunners.open({ dataDir, boot, onChange: () => undefined, log, ...options })

const killTwo = async (options: Partial<KilledRunnersOptions> = {}): Promise<void> => {
  const runners = await open(options)
  runners.add()
  runners.add()
  await runners.close()
}

describe('the runners that were killed while they used RDMA', () => {
  it('are counted, and each is reported at once', async () => {
    const onChange = vi.fn()
    const runners = await open({ onChange })
    expect(runners.count).toBe(0)
    runners.add()
    expect(onChange).toHaveBeenCalledOnce()
    expect(runners.count).toBe(1)
    await runners.close()
  })

  it('are kept when Muster restarts', async () => {
    await killTwo()
    await killTwo()
    expect((await open()).count).toBe(4)
  })

  it('are forgotten when the machine reboots', async () => {
    await killTwo()
    // Although the start times differ by little: the boot id takes precedence over the clock.
    expect((await open({ boot: { id: 'B2', startedAt: 1_000_001 } })).count).toBe(0)
  })

  it('are matched by the boot id though the clock was set by hours', async () => {
    await killTwo()
    expect((await open({ boot: { id: 'B1', startedAt: 90_000_000 } })).count).toBe(2)
  })

  it('are matched by boot time where the system has no boot id', async () => {
    await killTwo({ boot: { startedAt: 1_000_000 } })
    expect((await open({ boot: { startedAt: 1_002_000 } })).count).toBe(2)
    expect((await open({ boot: { startedAt: 1_200_000 } })).count).toBe(0)
  })

  it('begin anew where their file is damaged', async () => {
    writeFileSync(join(dataDir, 'killed-runners.json'), '{"killed": 7')
    const runners = await open()
    expect(runners.count).toBe(0)
    runners.add()
    await runners.close()
    expect((await open()).count).toBe(1)
  })

  it('are counted even where the file cannot be written, which is logged', async () => {
    mkdirSync(join(dataDir, 'killed-runners.json.new'))
    const runners = await open()
    runners.add()
    await runners.close()
    expect(runners.count).toBe(1)
    expect(log.warn).toHaveBeenCalledOnce()
  })
})
