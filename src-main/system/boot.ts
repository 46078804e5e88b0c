import { uptime } from 'node:os'
import { runCommand, type RunCommand } from './command'
import { readTextBelow, type ReadText } from './linux/read-text'

/** One boot of this machine. */
export interface Boot {
  /** The system's boot id. */
  readonly id?: string
  /** Milliseconds since 1970. Approximate, and by a clock that may be corrected. */
  readonly startedAt: number
}

export interface BootOptions {
  readonly platform?: NodeJS.Platform
  readonly run?: RunCommand
  readonly read?: ReadText
  readonly now?: () => number
  readonly uptimeSeconds?: () => number
}

/** The current boot. Never fails; the id is absent if the system has none. */
export const thisBoot = async (options: BootOptions = {}): Promise<Boot> => {
  const { now = Date.now, uptimeSeconds = uptime } = options
  const id = (await nameOf(options))?.trim()
  return { ...(id && { id }), startedAt: Math.round(now() - uptimeSeconds() * 1000) }
}

const nameOf = ({
  platform = process.platform,
  run = runCommand,
  read = readTextBelow('/'),
}: BootOptions): Promise<string | undefined> => {
  switch (platform) {
    case 'darwin':
      return run('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])
    case 'linux':
      return read('proc/sys/kernel/random/boot_id')
    default:
      return Promise.resolve(undefined)
  }
}
