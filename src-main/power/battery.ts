import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Runs a system program; undefined if it fails. */
type RunCommand = (path: string, args: readonly string[]) => Promise<string | undefined>

/** Parses `pmset -g batt`, whose first line is like `Now drawing from 'Battery Power'`. */
export const drawsFromBattery = (printed: string): boolean => /drawing from 'Battery Power'/.test(printed)

/** Linux: on battery if there is one and no charger is online. Machines without a battery are on power. */
const onBatteryInLinux = async (folder: string): Promise<boolean> => {
  const read = (...names: string[]) =>
    readFile(join(folder, ...names), 'utf8').then(
      (text) => text.trim(),
      () => '',
    )
  const supplies = await readdir(folder).catch(() => [])
  const facts = await Promise.all(
    supplies.map(async (name) => ({
      type: await read(name, 'type'),
      scope: await read(name, 'scope'),
      online: await read(name, 'online'),
    })),
  )
  // A mouse's battery has the scope Device.
  const hasBattery = facts.some(({ type, scope }) => type === 'Battery' && scope !== 'Device')
  return hasBattery && !facts.some(({ type, online }) => type !== 'Battery' && online === '1')
}

/** Whether this machine runs on its battery now; false if the system does not tell. */
export const isOnBattery = async ({
  run,
  platform = process.platform,
  supplies = '/sys/class/power_supply',
}: {
  readonly run: RunCommand
  readonly platform?: NodeJS.Platform
  readonly supplies?: string
}): Promise<boolean> => {
  switch (platform) {
    case 'darwin':
      return drawsFromBattery((await run('/usr/bin/pmset', ['-g', 'batt'])) ?? '')
    case 'linux':
      return onBatteryInLinux(supplies)
    default:
      return false
  }
}
