import { describe, expect, it } from 'vitest'
import type { Execute } from '../command'
import { recorded } from '../testing/recordings'
import { gpuMemoryLimit } from './gpu-memory'
import { parseHardwarePorts } from './hardware-ports'
import { parseGraphics } from './graphics'
import { parseHardware } from './hardware'
import { parseSwVers } from './identification'
import { parseMacmon } from './macmon'
import { memoryPressureOf } from './memory-pressure'
import { macosReader } from './reader'
import { parseSysctl } from './sysctl'
import { parseVmStat } from './vm-stat'

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

  it.each([
    ['sw_vers_26_5_1.txt', { name: 'macOS 26.5.1', version: '26.5.1', build: '25F80' }],
    ['sw_vers_two_part.txt', { name: 'macOS 26.2', version: '26.2', build: '25C56' }],
    ['sw_vers_15_7_5.txt', { name: 'macOS 15.7.5', version: '15.7.5', build: '24G624' }],
    ['sw_vers_26_6_2.txt', { name: 'macOS 26.6.2', version: '26.6.2', build: '25G83' }],
    ['sw_vers_27_0.txt', { name: 'macOS 27.0', version: '27.0', build: '26A428' }],
    // A rapid security response keeps the version and has its own build.
    ['sw_vers_26_rapid_response.txt', { name: 'macOS 26.4.1 (a)', version: '26.4.1', build: '25E253' }],
  ])('gives the version of macOS (%s)', (name, version) => {
    expect(parseSwVers(recorded(name))).toEqual(version)
  })

  it('gives no version from other text', () => {
    expect(parseSwVers('')).toBeUndefined()
  })

  it.each([
    ['hardware_mbp_m5max.json', { identifier: 'Mac17,6', name: 'MacBook Pro' }],
    ['hardware_studio_m2ultra.json', { identifier: 'Mac14,14', name: 'Mac Studio' }],
    ['hardware_studio_m3ultra.json', { identifier: 'Mac15,14', name: 'Mac Studio' }],
    ['hardware_old_np_two_parts.json', { identifier: 'MacBookPro17,1', name: 'MacBook Pro' }],
    ['hardware_vm.json', { identifier: 'VirtualMac2,1', name: 'Apple Virtual Machine 1' }],
  ])('gives the kind of machine (%s)', (name, model) => {
    expect(parseHardware(recorded(name))).toEqual(model)
  })

  it('gives no kind of machine from other text', () => {
    for (const text of ['', '{', '{}', '{"SPHardwareDataType":[]}']) expect(parseHardware(text)).toBeUndefined()
  })

  it('gives cores and load of the graphics processor', () => {
    expect(parseGraphics(recorded('ioreg_agx_m4max.txt'))).toEqual({ cores: 40, load: 0.16 })
    expect(parseGraphics('"Device Utilization %"=101')).toEqual({})
    expect(parseGraphics('')).toEqual({})
  })

  it('gives the pressure on memory as the kernel grades it', () => {
    const level = parseSysctl(recorded('sysctl_pressure_warning.txt')).get('kern.memorystatus_vm_pressure_level')
    expect(memoryPressureOf(level)).toBe('warning')
    expect(['1', '4', '3', undefined].map(memoryPressureOf)).toEqual(['normal', 'critical', undefined, undefined])
  })

  it.each([
    ['macmon_v0.6.1.jsonl', 0.9871, 58.1],
    ['macmon_v0.7.2.jsonl', 0.0215, 5.877],
    ['macmon_v0.8.0.jsonl', 0.0215, 5.877],
    ['macmon_v0.8.2.jsonl', 0.0215, 5.877],
    ['macmon_v0.8.2_no_fans.jsonl', 0.0215, 5.877],
    ['macmon_truncated_line.jsonl', 0.0215, 5.877],
  ])('gives power, heat and graphics load of the last whole sample of macmon (%s)', (name, load, watts) => {
    const { gpuLoad, temperature, powerWatts } = parseMacmon(recorded(name))
    expect(gpuLoad).toBeCloseTo(load, 4)
    expect(temperature).toBeCloseTo(43.736, 3)
    expect(powerWatts).toBeCloseTo(watts, 3)
  })

  it('takes the hotter part, and what macmon does not know is left out', () => {
    const { temperature, powerWatts } = parseMacmon(recorded('macmon_v0.7_socinfo_m4.jsonl'))
    expect(temperature).toBeCloseTo(61.223, 3)
    expect(powerWatts).toBeCloseTo(14.772, 3)
    expect(parseMacmon('{"temp":{"cpu_temp_avg":0},"sys_power":0,"all_power":7.5}')).toEqual({ powerWatts: 7.5 })
    expect(parseMacmon('error: unexpected argument')).toEqual({})
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
  /** A machine whose programs print recordings. */
  const mac =
    (outputs: Readonly<Record<string, string>>): Execute =>
    (path) => {
      const stdout = outputs[path]
      return Promise.resolve(stdout === undefined ? { ended: 'missing' } : { ended: 'exited', stdout, stderr: '' })
    }

  it('puts its facts together', async () => {
    const reader = macosReader({
      execute: mac({
        '/usr/sbin/sysctl': recorded('sysctl_mbp_m5max_limit_set.txt') + recorded('sysctl_pressure_warning.txt'),
        '/usr/bin/vm_stat': recorded('vm_stat_32gb.txt'),
        '/usr/bin/sw_vers': recorded('sw_vers_26_5_1.txt'),
        '/usr/sbin/networksetup': recorded('hardwareports_mbp_m5max.txt'),
        '/usr/sbin/ioreg': recorded('ioreg_agx_m4max.txt'),
        '/usr/local/bin/macmon': recorded('macmon_v0.8.2.jsonl'),
      }),
    })
    expect(await reader.chip()).toEqual({ name: 'Apple M5 Max', memoryBandwidth: 614e9 })
    expect(await reader.os()).toEqual({ name: 'macOS 26.5.1', version: '26.5.1', build: '25F80' })
    expect(await reader.memory()).toEqual({
      ramTotal: 137_438_953_472,
      ramAvailable: (49_627 + 836_513 + 78_145) * 16_384,
      limit: 118_000 * 1024 ** 2,
    })
    expect((await reader.interfaceTypes(['en0'])).get('en0')).toBe('wifi')
    expect(await reader.sensors?.()).toEqual({ gpuLoad: 0.16, memoryPressure: 'warning' })
    expect(await reader.slowSensors?.()).toMatchObject({ powerWatts: 5.876533 })
  })

  it('answers even where every program is missing', async () => {
    const reader = macosReader({ execute: mac({}) })
    expect(await reader.chip()).toEqual({ name: 'unknown' })
    expect(await reader.os()).toEqual({ name: 'macOS' })
    expect(await reader.model?.()).toBeUndefined()
    expect((await reader.memory()).ramTotal).toBeGreaterThan(0)
    expect((await reader.interfaceTypes([])).size).toBe(0)
    expect(await reader.sensors?.()).toEqual({})
    expect(await reader.slowSensors?.()).toBeUndefined()
    expect(await reader.ports?.read({ mayProbe: true })).toBeUndefined()
  })

  it('does not look for macmon again where it is not installed', async () => {
    const asked: string[] = []
    const missing: Execute = (path) => {
      asked.push(path)
      return Promise.resolve({ ended: 'missing' })
    }
    const { slowSensors } = macosReader({ execute: missing })
    await slowSensors?.()
    const before = asked.length
    await slowSensors?.()
    expect(before).toBeGreaterThan(0)
    expect(asked).toHaveLength(before)
  })
})
