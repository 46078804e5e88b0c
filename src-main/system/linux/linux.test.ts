import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linuxReader } from './reader'

const KIB = 1024

describe('a Linux machine', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-linux-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const folder = (path: string) => mkdirSync(join(root, path), { recursive: true })
  const reader = () => linuxReader({ root, gpu: () => Promise.resolve(undefined) })

  it('names its processor and its system', async () => {
    put('proc/cpuinfo', 'processor\t: 0\nmodel name\t: Intel(R) Core(TM) i7-8550U  CPU @ 1.80GHz\n\nprocessor\t: 1\n')
    put('etc/os-release', 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')
    expect(await reader().chip()).toEqual({ name: 'Intel Core i7-8550U CPU @ 1.80GHz' })
    expect(await reader().os()).toEqual({ name: 'Debian GNU/Linux 12 (bookworm)' })
  })

  it('is named by its board where the processor has no name', async () => {
    put('proc/cpuinfo', 'processor\t: 0\nBogoMIPS\t: 48.00\nCPU part\t: 0xd0b\n')
    put('proc/device-tree/model', 'Raspberry Pi 5 Model B Rev 1.0\0')
    expect(await reader().chip()).toEqual({ name: 'Raspberry Pi 5 Model B Rev 1.0' })
  })

  it('gives what the kernel says is available, not what is free', async () => {
    put('proc/meminfo', 'MemTotal:       16000000 kB\nMemFree:          500000 kB\nMemAvailable:    9000000 kB\n')
    expect(await reader().memory()).toEqual({ ramTotal: 16_000_000 * KIB, ramAvailable: 9_000_000 * KIB })
  })

  describe('in a container', () => {
    beforeEach(() => put('proc/meminfo', 'MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\n'))

    it('has no more than its control group leaves it, page cache counted as free (v2)', async () => {
      put('proc/self/cgroup', '0::/app.slice/muster.service\n')
      put('sys/fs/cgroup/app.slice/muster.service/memory.max', '4000000\n')
      put('sys/fs/cgroup/app.slice/muster.service/memory.current', '1500000\n')
      put(
        'sys/fs/cgroup/app.slice/muster.service/memory.stat',
        'anon 1000000\nactive_file 300000\ninactive_file 200000\n',
      )
      expect(await reader().memory()).toEqual({ ramTotal: 4_000_000, ramAvailable: 3_000_000 })
    })

    it('has no more than a group above leaves it', async () => {
      put('proc/self/cgroup', '0::/app.slice/muster.service\n')
      put('sys/fs/cgroup/app.slice/muster.service/memory.max', 'max\n')
      put('sys/fs/cgroup/app.slice/memory.max', '2000000\n')
      put('sys/fs/cgroup/app.slice/memory.current', '500000\n')
      expect(await reader().memory()).toEqual({ ramTotal: 2_000_000, ramAvailable: 1_500_000 })
    })

    it("finds its limit where the path is the host's (v1)", async () => {
      put('proc/self/cgroup', '12:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n')
      put('sys/fs/cgroup/memory/memory.limit_in_bytes', '3000000\n')
      put('sys/fs/cgroup/memory/memory.usage_in_bytes', '1000000\n')
      put('sys/fs/cgroup/memory/memory.stat', 'cache 1\ntotal_inactive_file 100000\n')
      expect(await reader().memory()).toEqual({ ramTotal: 3_000_000, ramAvailable: 2_100_000 })
    })

    it('is not limited by a group without a limit', async () => {
      put('proc/self/cgroup', '4:memory:/\n')
      put('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n')
      put('sys/fs/cgroup/memory/memory.usage_in_bytes', '15000000000\n')
      expect(await reader().memory()).toEqual({ ramTotal: 16_000_000 * KIB, ramAvailable: 9_000_000 * KIB })
    })
  })

  it('counts everything as load but idling and waiting for disks', async () => {
    put('proc/stat', 'cpu  10 20 30 400 500 6 7 8 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n')
    expect(await reader().cpuTimes()).toEqual({ busy: 81, total: 981 })
  })

  it('tells its interfaces apart', async () => {
    folder('sys/class/net/wlan0/wireless')
    folder('sys/class/net/wlan1/phy80211')
    folder('sys/class/net/eth0/device')
    folder('sys/class/net/docker0/bridge')
    folder('sys/class/net/thunderbolt0/device')
    folder('sys/bus/drivers/thunderbolt-net')
    symlinkSync(join(root, 'sys/bus/drivers/thunderbolt-net'), join(root, 'sys/class/net/thunderbolt0/device/driver'))
    const types = await reader().interfaceTypes(['wlan0', 'wlan1', 'eth0', 'docker0', 'thunderbolt0', 'gone'])
    expect(Object.fromEntries(types)).toEqual({
      wlan0: 'wifi',
      wlan1: 'wifi',
      eth0: 'ethernet',
      docker0: 'unknown',
      thunderbolt0: 'thunderbolt',
      gone: 'unknown',
    })
  })

  it('answers even if nothing can be read', async () => {
    expect(await reader().chip()).toEqual({ name: 'unknown' })
    expect(await reader().os()).toEqual({ name: 'Linux' })
    expect(await reader().memory()).toEqual({ ramTotal: 0, ramAvailable: 0 })
    expect(await reader().cpuTimes()).toEqual({ busy: 0, total: 0 })
  })
})
