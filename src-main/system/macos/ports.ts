import type { RdmaDevice, RdmaFacts } from '@core/state/rdma'
import { printedBy, type Execute } from '../command'
import type { PortsReader } from '../facts'
import { DeviceProbe } from './device-probe'
import { parseThunderboltInterfaces } from './hardware-ports'
import { parseIfconfig, type ShownInterface } from './ifconfig'
import { parseIbvDevices } from './rdma-devices'
import { parseRdmaStatus } from './rdma-status'
import { parseThunderbolt } from './thunderbolt'

/** It takes a second or two on a quiet machine. */
const PROFILER_TIME_LIMIT_MS = 20_000

const isPort = ({ name }: ShownInterface): boolean => /^(?:en|bridge)\d+$/.test(name)

/** Thunderbolt ports and RDMA devices of a Mac. No program needs rights. */
export const macPorts = ({ execute }: { readonly execute: Execute }): PortsReader => {
  const printed = printedBy(execute)
  const probe = new DeviceProbe(execute)

  const interfaces = async (): Promise<ShownInterface[]> =>
    parseIfconfig((await printed('/sbin/ifconfig', [])) ?? '').filter(isPort)

  const readDevices = async (shown: readonly ShownInterface[], mayProbe: boolean): Promise<RdmaDevice[]> => {
    const devices: RdmaDevice[] = []
    // One after the other: nobody knows what drivers make of being opened side by side.
    for (const name of parseIbvDevices((await printed('/usr/bin/ibv_devices', [])) ?? '')) {
      const interfaceName = name.replace(/^rdma_/, '')
      const { port, hasIpv4Gid, health, problem } = mayProbe ? await probe.open(name) : probe.known(name)
      const hasAddress = shown.some(({ name: own, addresses }) => own === interfaceName && addresses.length > 0)
      devices.push({
        name,
        interfaceName,
        port,
        // Its GID follows the address; where it does not, the address is of no use to it.
        hasAddress: hasAddress && hasIpv4Gid !== false,
        health,
        ...(problem !== undefined && { problem }),
      })
    }
    return devices
  }

  const readRdma = async (shown: readonly ShownInterface[], mayProbe: boolean): Promise<RdmaFacts> => {
    const status = parseRdmaStatus(await execute('/usr/bin/rdma_ctl', ['status']))
    return { status, devices: status === 'unavailable' ? [] : await readDevices(shown, mayProbe) }
  }

  return {
    mark: async () => JSON.stringify(await interfaces()),
    read: async ({ mayProbe }) => {
      const shown = await interfaces()
      const [profile, hardware, rdma] = await Promise.all([
        printed('/usr/sbin/system_profiler', ['SPThunderboltDataType', '-json'], {
          timeLimitMs: PROFILER_TIME_LIMIT_MS,
        }),
        printed('/usr/sbin/networksetup', ['-listallhardwareports']),
        readRdma(shown, mayProbe),
      ])
      const ports = parseThunderbolt(profile ?? '')
      if (ports === undefined) return undefined
      const interfaceOf = parseThunderboltInterfaces(hardware ?? '')
      const bridges = shown.filter(({ members }) => members.length > 0)
      return {
        thunderbolt: {
          ports: ports.map((port) => {
            const interfaceName = interfaceOf.get(port.receptacle)
            return { ...port, ...(interfaceName !== undefined && { interfaceName }) }
          }),
          bridges: bridges.map(({ name, members, active }) => ({
            name,
            members: [...members],
            active: active === true,
          })),
        },
        rdma,
      }
    },
  }
}
