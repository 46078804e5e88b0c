import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { RunCommand } from '../command'
import { gpuMemoryLimit } from './gpu-memory'
import { parseHardwarePorts } from './hardware-ports'
import { parseGpuCores, parseSwVers } from './identification'
import { macosReader } from './reader'
import { parseSysctl } from './sysctl'
import { parseVmStat } from './vm-stat'

const recorded = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
const GIB = 1024 ** 3
const types = (name: string) => Object.fromEntries(parseHardwarePorts(recorded(name)))

describe('what macOS programs print', () => {
  it.each([
    ['vm_stat_32gb.txt', (49_627 + 836_513 + 78_145) * 16_384],
    ['vm_stat_intel_4k_page.txt', (55_114 + 445_114 + 56_530) * 4096],
    ['vm_stat_m3ultra_512gb.txt', (9_563_156 + 19_870_033 + 89_568) * 16_384],
    ['vm_stat_m5_tagged_26.txt', (50_667 + 431_704 + 14_563) * 16_384],
  ])('gives the memory that can be had (%s)', (name, bytes) => {
    expect(parseVmStat(recorded(name))).toBe(bytes)
  })

  it('gives no memory figure from other text', () => {
    expect(parseVmStat('')).toBeUndefined()
    expect(parseVmStat('Mach Virtual Memory Statistics: (page size of 16384 bytes)\nPages free: 5.\n')).toBeUndefined()
  })

  it('gives the values of sysctl', () => {
    const values = parseSysctl(recorded('sysctl_mbp_m5max_limit_set.txt'))
    expect(values.get('machdep.cpu.brand_string')).toBe('Apple M5 Max')
    expect(values.get('iogpu.wired_limit_mb')).toBe('118000')
  })

  it('gives the version of macOS', () => {
    expect(parseSwVers(recorded('sw_vers_26_5_1.txt'))).toBe('macOS 26.5.1')
    expect(parseSwVers(recorded('sw_vers_two_part.txt'))).toBe('macOS 26.2')
    expect(parseSwVers(recorded('sw_vers_26_rapid_response.txt'))).toBe('macOS 26.4.1 (a)')
    expect(parseSwVers('')).toBeUndefined()
  })

  it('gives the number of GPU cores', () => {
    expect(
      parseGpuCores('+-o AGXAcceleratorG16X\n  {\n    "model" = "Apple M4 Max"\n    "gpu-core-count" = 40\n  }\n'),
    ).toBe(40)
    expect(parseGpuCores('')).toBeUndefined()
  })

  it('tells Thunderbolt from Ethernet adapters of that name, and both from Wi-Fi', () => {
    expect(types('hardwareports_studio_m4max.txt')).toMatchObject({
      en0: 'ethernet',
      en10: 'ethernet',
      bridge0: 'thunderbolt',
      en1: 'wifi',
      en2: 'thunderbolt',
      en5: 'thunderbolt',
    })
    expect(types('hardwareports_mbp_m1_two_tb.txt')).toEqual({
      en3: 'ethernet',
      en4: 'ethernet',
      en7: 'ethernet',
      bridge0: 'thunderbolt',
      en0: 'wifi',
      en1: 'thunderbolt',
      en2: 'thunderbolt',
    })
    expect(types('hardwareports_address_na.txt')).toMatchObject({ en9: 'unknown', en1: 'wifi' })
    expect(types('hardwareports_studio_m3ultra_no_bridge.txt')).not.toHaveProperty('bridge0')
    expect(types('hardwareports_mini_m4.txt')).toMatchObject({
      en2: 'thunderbolt',
      en3: 'thunderbolt',
      en4: 'thunderbolt',
    })
    expect(types('hardwareports_mbp_m5max.txt')).toMatchObject({
      en1: 'thunderbolt',
      en6: 'thunderbolt',
      en2: 'thunderbolt',
    })
  })
})

describe('the memory that a GPU may use', () => {
  it('is two thirds of a small machine and three quarters of a large one', () => {
    expect(gpuMemoryLimit(16 * GIB, 0) / GIB).toBeCloseTo(10.67, 2)
    expect(gpuMemoryLimit(32 * GIB, undefined) / GIB).toBeCloseTo(21.33, 2)
    expect(gpuMemoryLimit(36 * GIB, 0) / GIB).toBe(27)
    expect(gpuMemoryLimit(64 * GIB, 0) / GIB).toBe(48)
  })

  it('is what the person set, but never more than there is', () => {
    expect(gpuMemoryLimit(128 * GIB, 118_000)).toBe(118_000 * 1024 ** 2)
    expect(gpuMemoryLimit(16 * GIB, 999_999)).toBe(16 * GIB)
  })
})

describe('a Mac', () => {
  /** A machine whose programs print what was recorded. */
  const mac =
    (outputs: Readonly<Record<string, string>>): RunCommand =>
    (path) =>
      Promise.resolve(outputs[path])

  it('puts its facts together', async () => {
    const reader = macosReader({
      run: mac({
        '/usr/sbin/sysctl': recorded('sysctl_mbp_m5max_limit_set.txt'),
        '/usr/bin/vm_stat': recorded('vm_stat_32gb.txt'),
        '/usr/bin/sw_vers': recorded('sw_vers_26_5_1.txt'),
        '/usr/sbin/networksetup': recorded('hardwareports_mbp_m5max.txt'),
        '/usr/sbin/ioreg': '    "gpu-core-count" = 40\n',
      }),
    })
    expect(await reader.chip()).toEqual({ name: 'Apple M5 Max', memoryBandwidth: 614e9 })
    expect(await reader.osName()).toBe('macOS 26.5.1')
    expect(await reader.memory()).toEqual({
      ramTotal: 137_438_953_472,
      ramAvailable: (49_627 + 836_513 + 78_145) * 16_384,
      limit: 118_000 * 1024 ** 2,
    })
    expect((await reader.interfaceTypes(['en0'])).get('en0')).toBe('wifi')
  })

  it('answers even where every program is missing', async () => {
    const reader = macosReader({ run: mac({}) })
    expect(await reader.chip()).toEqual({ name: 'unknown' })
    expect(await reader.osName()).toBe('macOS')
    expect((await reader.memory()).ramTotal).toBeGreaterThan(0)
    expect((await reader.interfaceTypes([])).size).toBe(0)
  })
})
