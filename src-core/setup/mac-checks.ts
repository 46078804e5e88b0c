import type { SleepSettings } from '../protocols/setup'
import type { Node } from '../state/nodes'
import { ENABLE_RDMA } from '../warnings/rdma-off'
import type { Check } from './check'

/** Gb/s from which a port is Thunderbolt 5, which RDMA takes. */
const THUNDERBOLT_5_GBPS = 80

/** What connects this Mac to others by cable. */
export const thunderboltCheck = ({ thunderbolt, rdma }: Node): Check | undefined => {
  if (!thunderbolt || thunderbolt.ports.length === 0) return undefined
  const check = { id: 'thunderbolt', title: 'Thunderbolt and RDMA' } as const
  const fastest = Math.max(0, ...thunderbolt.ports.map(({ maxGbps }) => maxGbps ?? 0))
  if (fastest < THUNDERBOLT_5_GBPS)
    return {
      ...check,
      state: 'ok',
      line: 'Thunderbolt 4 · joins other Macs by cable; RDMA takes Thunderbolt 5',
      fix: [],
    }
  switch (rdma?.status) {
    case 'enabled':
      return { ...check, state: 'ok', line: 'Thunderbolt 5 · RDMA is enabled', fix: [] }
    case 'disabled':
      return {
        ...check,
        state: 'hint',
        line: 'Thunderbolt 5 · RDMA is not enabled: several Macs by cable would be faster with it',
        fix: ENABLE_RDMA,
      }
    case 'unavailable':
      return {
        ...check,
        state: 'hint',
        line: 'Thunderbolt 5 · this macOS has no RDMA',
        fix: [{ text: 'Update macOS: System Settings → General → Software Update.' }],
      }
    case 'unknown':
    case undefined:
      return { ...check, state: 'ok', line: 'Thunderbolt 5', fix: [] }
  }
}

/** macOS asks once, and does not tell what was answered: only that others are seen proves that it was allowed. */
export const localNetworkCheck = ({ othersSeen }: { readonly othersSeen: number }): Check => {
  const check = { id: 'localNetwork', title: 'Local network' } as const
  if (othersSeen > 0) return { ...check, state: 'ok', line: 'Allowed: other machines are seen', fix: [] }
  return {
    ...check,
    state: 'hint',
    line: 'When you go on, macOS asks whether Muster may find devices on your network. Allow it, and your other Macs are found.',
    fix: [
      { text: 'If it was refused: System Settings → Privacy & Security → Local Network, and switch Muster on.' },
      { text: 'With one Mac alone it is not needed.' },
    ],
  }
}

/** A Mac that sleeps takes its models away from everybody. */
export const sleepCheck = ({ sleep }: { readonly sleep: SleepSettings | undefined }): Check | undefined => {
  if (!sleep) return undefined
  const check = { id: 'sleep', title: 'Sleep' } as const
  const battery = sleep.batteryMinutes === undefined ? '' : ' on its power adapter'
  if (sleep.powerMinutes === 0) return { ...check, state: 'ok', line: `Stays awake${battery}`, fix: [] }
  return {
    ...check,
    state: 'hint',
    line: `Sleeps after ${sleep.powerMinutes} idle min${battery}: its models are away then`,
    fix: [
      {
        text:
          sleep.batteryMinutes === undefined
            ? 'System Settings → Energy: switch on “Prevent automatic sleeping when the display is off”.'
            : 'System Settings → Battery → Options: switch on “Prevent automatic sleeping on power adapter when the display is off”.',
      },
      { text: 'Or in Terminal:', commands: ['sudo pmset -c sleep 0'] },
    ],
  }
}
