import type { RdmaDevice, RdmaFacts } from '@core/state/rdma'
import type { CommandResult, Execute } from '../command'
import type { PortsReader } from '../facts'
import { asNowShown, bridgesIn } from './as-now-shown'
import { DeviceProbe } from './device-probe'
import { parseThunderboltInterfaces } from './hardware-ports'
import { parseIfconfig, type ShownInterface } from './ifconfig'
import { parseIbvDevices } from './rdma-devices'
import { parseRdmaStatus } from './rdma-status'
import { parseThunderbolt } from './thunderbolt'

/** Generous, for a machine under load: readings run in the background. system_profiler alone needs a second or two. */
const TIME_LIMIT_MS = 10_000
const PROFILER_TIME_LIMIT_MS = 30_000

const isPort = ({ name }: ShownInterface): boolean => /^(?:en|bridge)\d+$/.test(name)

/** Reads Thunderbolt ports and RDMA devices of a Mac. No program needs privileges. */
export const macPorts = ({ execute }: { readonly execute: Execute }): PortsReader => {
  const probe = new DeviceProbe(execute)
  let shownLast: readonly ShownInterface[] = []

  /** Runs a program. Rejects on a timeout, which must not be taken for an empty answer. */
  const ask = async (path: string, args: readonly string[], timeLimitMs = TIME_LIMIT_MS): Promise<CommandResult> => {
    const result = await execute(path, args, { timeLimitMs })
    if (result.ended === 'time_limit') throw new Error(`${path} did not answer`)
    return result
  }
  const printed = async (...question: Parameters<typeof ask>): Promise<string> => {
    const result = await ask(...question)
    return result.ended === 'exited' ? result.stdout : ''
  }

  const readDevice = async (name: string, shown: readonly ShownInterface[], mayProbe: boolean): Promise<RdmaDevice> => {
    const interfaceName = name.replace(/^rdma_/, '')
    const { port, hasIpv4Gid, health, problem } = mayProbe ? await probe.open(name) : probe.known(name)
    const hasAddress = shown.some(({ name: own, addresses }) => own === interfaceName && addresses.length > 0)
    return {
      name,
      interfaceName,
      port,
      // The GID table follows the address. Without the GID the device cannot use the address.
      hasAddress: hasAddress && hasIpv4Gid !== false,
      health,
      ...(problem !== undefined && { problem }),
    }
  }

  const readRdma = async (shown: readonly ShownInterface[], mayProbe: boolean): Promise<RdmaFacts> => {
    const status = parseRdmaStatus(await ask('/usr/bin/rdma_ctl', ['status']))
    if (status === 'unavailable') return { status, devices: [] }
    const devices: RdmaDevice[] = []
    // Sequential: it is not documented how drivers handle concurrent opens.
    for (const name of parseIbvDevices(await printed('/usr/bin/ibv_devices', [])))
      devices.push(await readDevice(name, shown, mayProbe))
    return { status, devices }
  }

  return {
    glance: async () => {
      const result = await execute('/sbin/ifconfig', [])
      if (result.ended === 'exited') shownLast = parseIfconfig(result.stdout).filter(isPort)
      const shown = shownLast
      return { mark: JSON.stringify(shown), correct: (facts) => asNowShown(facts, shown) }
    },
    read: async ({ mayProbe }) => {
      const shown = parseIfconfig(await printed('/sbin/ifconfig', [])).filter(isPort)
      const [profile, hardware, rdma] = await Promise.all([
        printed('/usr/sbin/system_profiler', ['SPThunderboltDataType', '-json'], PROFILER_TIME_LIMIT_MS),
        printed('/usr/sbin/networksetup', ['-listallhardwareports']),
        readRdma(shown, mayProbe),
      ])
      const ports = parseThunderbolt(profile)
      if (ports === undefined) return undefined
      const interfaceOf = parseThunderboltInterfaces(hardware)
      return {
        thunderbolt: {
          ports: ports.map((port) => {
            const interfaceName = interfaceOf.get(port.receptacle)
            return { ...port, ...(interfaceName !== undefined && { interfaceName }) }
          }),
          bridges: bridgesIn(shown),
        },
        rdma,
      }
    },
  }
}
