import { afterEach, describe, expect, it, vi } from 'vitest'
import { declarationFaults } from '@core/state/declaration-faults'
import { coded } from '@core/texts/coded'
import type { NodeInfo } from '@core/state/nodes'
import { OwnFacts, type OwnFactsOptions } from './own-facts'
import type { MachineFacts } from '../system/index'

const machineFacts: MachineFacts = {
  chip: 'Apple M5',
  memory: { ramTotal: 16e9, ramAvailable: 8e9, heldByRunners: 0 },
  os: { platform: 'darwin', release: '25', name: 'macOS 26.5.1' },
}
const rdma = { status: 'enabled' as const, devices: [] }

const opened: OwnFacts[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((own) => own.close()))
})

const open = (gather: () => Promise<MachineFacts>, options: Partial<OwnFactsOptions> = {}) => {
  const told: NodeInfo[] = []
  const memoryBandwidth = vi.fn(() => 5e9)
  const own = new OwnFacts({
    machine: { gather, onNews: () => undefined },
    worker: true,
    cannotRun: () => undefined,
    knownBandwidth: undefined,
    measurements: { speeds: [], memoryBandwidth },
    killedRunners: { count: 0 },
    onChange: (info) => void told.push(info),
    ...options,
  })
  opened.push(own)
  return { own, told, memoryBandwidth }
}

const telling = async (facts: MachineFacts, options: Partial<OwnFactsOptions> = {}) => {
  const made = open(() => Promise.resolve(facts), options)
  await made.own.ready
  return made
}

describe('what a machine says of the runners that were killed while they used RDMA', () => {
  it('is nothing where none was', async () => {
    const { told } = await telling({ ...machineFacts, rdma })
    expect(told.map((info) => info.rdma)).toEqual([rdma])
  })

  it('is how many there were, told at once when there is one more', async () => {
    const killedRunners = { count: 0 }
    const { own, told } = await telling({ ...machineFacts, rdma }, { killedRunners })
    killedRunners.count = 1
    own.report()
    expect(told.map((info) => info.rdma)).toEqual([rdma, { ...rdma, killedRunners: 1 }])
  })

  it('is nothing on a machine that has no RDMA', async () => {
    const { told } = await telling(machineFacts, { killedRunners: { count: 1 } })
    expect(told).toHaveLength(1)
    expect(told[0]).not.toHaveProperty('rdma')
  })
})

describe('the memory bandwidth that a machine tells', () => {
  it('is what its owner says, before the chip’s own, before what is measured', async () => {
    const chip = { ...machineFacts, memoryBandwidth: 2e9 }
    expect((await telling(chip, { knownBandwidth: 1e9 })).told[0]?.memoryBandwidth).toBe(1e9)
    expect((await telling(chip)).told[0]?.memoryBandwidth).toBe(2e9)
    expect((await telling(machineFacts)).told[0]?.memoryBandwidth).toBe(5e9)
  })

  it.each<[string, Partial<OwnFactsOptions>]>([
    ['only coordinates', { worker: false }],
    [
      'cannot run models',
      { cannotRun: () => ({ reason: 'there is no Python', coded: coded('checks.python.absent') }) },
    ],
  ])('is not measured where it %s', async (_, options) => {
    const { told, memoryBandwidth } = await telling(machineFacts, options)
    expect(memoryBandwidth).not.toHaveBeenCalled()
    expect(told[0]).not.toHaveProperty('memoryBandwidth')
    const cannotRun = options.cannotRun?.()
    expect([told[0]?.cannotRun, told[0]?.cannotRunCoded]).toEqual([cannotRun?.reason, cannotRun?.coded])
  })
})

it('says what is wrong in the watched folder of declaration files, and no more once nothing is', async () => {
  const found = declarationFaults('/srv/declarations', [{ file: 'chat.yaml', line: 3, column: 1, message: 'a typo' }])
  const now = { faults: found }
  const { own, told } = await telling(machineFacts, { declarationFaults: () => now.faults })
  now.faults = undefined
  own.report()
  expect(told.map((info) => info.declarationFaults)).toEqual([found, undefined])
  expect(told[1]).not.toHaveProperty('declarationFaults')
})

it('says nothing before the machine was looked at', async () => {
  const { own, told } = open(() => Promise.resolve(machineFacts))
  own.report()
  expect(told).toEqual([])
  await own.ready
  expect(told).toHaveLength(1)
})
