import type { RdmaDevice } from '@core/state/rdma'
import type { Execute } from '../command'
import { parseIbvDevinfo, type ShownDevice } from './rdma-devices'

/** A working driver answers within milliseconds. */
const TIME_LIMIT_MS = 5000

/** The result of opening a device. */
export interface Probed extends Pick<ShownDevice, 'port' | 'hasIpv4Gid'>, Pick<RdmaDevice, 'health' | 'problem'> {}

const unhealthy = (problem: string): Probed => ({
  port: 'unknown',
  hasIpv4Gid: undefined,
  health: 'unhealthy',
  problem,
})

const UNKNOWN: Probed = { port: 'unknown', hasIpv4Gid: undefined, health: 'unknown' }

/**
 * Probes RDMA devices in a separate process (`ibv_devinfo -v`), so that a hanging driver blocks nothing else. It
 * allocates no protection domain: one held by a killed process is lost until reboot, and a hanging probe is killed.
 * So a device without free protection domains still looks healthy.
 */
export class DeviceProbe {
  private readonly last = new Map<string, Probed>()
  /** Devices with a probe that cannot be killed: another one would hang as well. */
  private readonly stuck = new Set<string>()

  constructor(private readonly run: Execute) {}

  /** Results of the last probe. */
  known(device: string): Probed {
    return this.last.get(device) ?? UNKNOWN
  }

  async open(device: string): Promise<Probed> {
    if (this.stuck.has(device)) return this.known(device)
    const probed = await this.ask(device)
    this.last.set(device, probed)
    return probed
  }

  private async ask(device: string): Promise<Probed> {
    const result = await this.run('/usr/bin/ibv_devinfo', ['-d', device, '-v'], { timeLimitMs: TIME_LIMIT_MS })
    switch (result.ended) {
      case 'missing':
        return UNKNOWN
      case 'time_limit':
        this.stuck.add(device)
        void result.gone.then(() => this.stuck.delete(device))
        return unhealthy(`it did not answer within ${TIME_LIMIT_MS / 1000} seconds`)
      case 'exited': {
        const shown = parseIbvDevinfo(result.stdout).find(({ name }) => name === device)
        if (shown) return { port: shown.port, hasIpv4Gid: shown.hasIpv4Gid, health: 'healthy' }
        const [firstLine = ''] = `${result.stderr}\n${result.stdout}`.trim().split('\n')
        return unhealthy(firstLine.trim() || 'it cannot be opened')
      }
    }
  }
}
