import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { execute, type Execute } from '../command'
import { cudaRequirements, nvidiaGpu, parseNvidiaSmi } from './nvidia'
import { linuxReader } from './reader'

const MIB = 1024 * 1024
/** Output of nvidia-smi with driver 580 for an H200, and for a GB10, which shares the machine's memory. */
const H200 = 'NVIDIA H200, 580.95.05, 143771, 142912, 37, 41, 118.52\n'
const GB10 = 'NVIDIA GB10, 580.95.05, [N/A], [N/A], 5, 44, 12.10\n'

describe('what nvidia-smi prints', () => {
  it('is read, figure by figure', () => {
    expect(parseNvidiaSmi(H200)).toEqual({
      name: 'NVIDIA H200',
      driver: '580.95.05',
      memory: { total: 143_771 * MIB, free: 142_912 * MIB },
      load: 0.37,
      temperature: 41,
      powerWatts: 118.52,
    })
    expect(parseNvidiaSmi(GB10)).toEqual({
      name: 'NVIDIA GB10',
      driver: '580.95.05',
      load: 0.05,
      temperature: 44,
      powerWatts: 12.1,
    })
    expect(parseNvidiaSmi(`${H200}${GB10}`)?.name).toBe('NVIDIA H200')
  })

  it.each([
    '',
    'No devices were found\n',
    'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.\n',
    'NVIDIA H200, 580\n',
    ', 580.95.05, 1, 1, 1, 1, 1\n',
    'NVIDIA H200, [N/A], 143771, 142912, 37, 41, 118.52\n',
    '\u0000\u0001\u0002',
    '{"gpu": 1}',
  ])('is left alone where it is no list of GPUs: %j', (printed) => {
    expect(parseNvidiaSmi(printed)).toBeUndefined()
  })

  it('decides which CUDA fits the driver, or none', () => {
    expect(['580.95.05', '570.10', '550.54.14', '535.1', 'x'].map(cudaRequirements)).toEqual([
      'requirements-cuda13.txt',
      'requirements-cuda12.txt',
      'requirements-cuda12.txt',
      undefined,
      undefined,
    ])
  })
})

describe('a Linux machine with a GPU of NVIDIA', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-nvidia-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  /** A fake nvidia-smi: a script that prints this, or does something else. */
  const fake = (does: string): string => {
    const path = join(root, 'fake-nvidia-smi')
    writeFileSync(path, `#!/bin/sh\n${does}\n`)
    chmodSync(path, 0o755)
    return path
  }
  const prints = (text: string): string => fake(`cat <<'END'\n${text.trim()}\nEND`)
  const readerWith = (place: string) => linuxReader({ root, gpu: nvidiaGpu({ execute, places: [place] }) })

  it('is named by it, offers its memory to models, and reports its sensors', async () => {
    const reader = readerWith(prints(H200))
    expect(await reader.chip()).toEqual({ name: 'NVIDIA H200' })
    expect(await reader.memory()).toEqual({ ramTotal: 143_771 * MIB, ramAvailable: 142_912 * MIB })
    expect(await reader.slowSensors?.()).toEqual({ gpuLoad: 0.37, temperature: 41, powerWatts: 118.52 })
  })

  it('counts its own memory if the GPU shares it', async () => {
    writeFileSync(join(root, 'meminfo'), '')
    const reader = readerWith(prints(GB10))
    expect(await reader.chip()).toEqual({ name: 'NVIDIA GB10' })
    expect(await reader.memory()).toEqual({ ramTotal: 0, ramAvailable: 0 })
  })

  it.each([
    ['a driver too old', () => prints(H200.replace('580.95.05', '470.10'))],
    ['a program that fails', () => fake('echo "NVIDIA-SMI has failed" >&2; exit 9')],
    ['no program', () => join(root, 'nothing')],
    ['a program that prints nonsense', () => fake('head -c 4096 /dev/urandom')],
  ])('is a machine without one with %s', async (_what, place) => {
    const reader = readerWith(place())
    expect((await reader.chip()).name).toBe('unknown')
    expect(await reader.memory()).toEqual({ ramTotal: 0, ramAvailable: 0 })
  })

  it('waits once for a hanging program, starts no second one beside it, and keeps the last values', async () => {
    let asked = 0
    let clock = 0
    let end = (): void => undefined
    const hangs: Execute = () => {
      asked += 1
      if (asked === 1) return Promise.resolve({ ended: 'exited', stdout: H200, stderr: '' })
      return Promise.resolve({ ended: 'time_limit', gone: new Promise((resolve) => (end = resolve)) })
    }
    const gpu = nvidiaGpu({ execute: hangs, places: ['smi'], now: () => clock })
    const look = async (): Promise<string | undefined> => {
      clock += 60_000
      const found = await gpu()
      await new Promise((resolve) => setImmediate(resolve))
      return found?.name
    }
    for (let time = 0; time < 4; time += 1) expect(await look()).toBe('NVIDIA H200')
    expect(asked).toBe(2)
    end()
    await look()
    await look()
    expect(asked).toBe(3)
  })
})
