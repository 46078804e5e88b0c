import type { SleepSettings } from '../protocols/setup'
import type { Node } from '../state/nodes'
import { ENABLE_RDMA } from '../warnings/rdma-off'
import { coded } from '../texts/coded'
import type { Check } from './check'

/** Minimum speed in Gb/s of a Thunderbolt 5 port, which RDMA requires. */
const THUNDERBOLT_5_GBPS = 80

/** Checks Thunderbolt and RDMA. */
export const thunderboltCheck = ({ thunderbolt, rdma }: Node): Check | undefined => {
  if (!thunderbolt || thunderbolt.ports.length === 0) return undefined
  const check = { id: 'thunderbolt', title: coded('checks.thunderbolt.title') } as const
  const fastest = Math.max(0, ...thunderbolt.ports.map(({ maxGbps }) => maxGbps ?? 0))
  if (fastest < THUNDERBOLT_5_GBPS)
    return {
      ...check,
      state: 'ok',
      line: coded('checks.thunderbolt.four'),
      fix: [],
    }
  switch (rdma?.status) {
    case 'enabled':
      return { ...check, state: 'ok', line: coded('checks.thunderbolt.enabled'), fix: [] }
    case 'disabled':
      return {
        ...check,
        state: 'hint',
        line: coded('checks.thunderbolt.disabled'),
        fix: ENABLE_RDMA,
      }
    case 'unavailable':
      return {
        ...check,
        state: 'hint',
        line: coded('checks.thunderbolt.unavailable'),
        fix: [{ text: coded('checks.thunderbolt.update') }],
      }
    case 'unknown':
    case undefined:
      return { ...check, state: 'ok', line: coded('checks.thunderbolt.five'), fix: [] }
  }
}

/**
 * macOS asks for the permission once and does not report the answer; seeing other machines proves that it was granted.
 */
export const localNetworkCheck = ({ othersSeen }: { readonly othersSeen: number }): Check => {
  const check = { id: 'localNetwork', title: coded('checks.network.title') } as const
  if (othersSeen > 0) return { ...check, state: 'ok', line: coded('checks.network.allowed'), fix: [] }
  return {
    ...check,
    state: 'hint',
    line: coded('checks.network.asked'),
    fix: [{ text: coded('checks.network.refused') }, { text: coded('checks.network.alone') }],
  }
}

/** Warns if this Mac sleeps when idle, because its models are then unavailable. */
export const sleepCheck = ({ sleep }: { readonly sleep: SleepSettings | undefined }): Check | undefined => {
  if (!sleep) return undefined
  const check = { id: 'sleep', title: coded('checks.sleep.title') } as const
  const hasBattery = sleep.batteryMinutes !== undefined
  if (sleep.powerMinutes === 0)
    return {
      ...check,
      state: 'ok',
      line: coded(hasBattery ? 'checks.sleep.awakePlugged' : 'checks.sleep.awake'),
      fix: [],
    }
  return {
    ...check,
    state: 'hint',
    line: coded(hasBattery ? 'checks.sleep.sleepsPlugged' : 'checks.sleep.sleeps', { minutes: sleep.powerMinutes }),
    fix: [
      {
        text: coded(hasBattery ? 'checks.sleep.battery' : 'checks.sleep.energy'),
      },
      { text: coded('checks.sleep.terminal'), commands: ['sudo pmset -c sleep 0'] },
    ],
  }
}
