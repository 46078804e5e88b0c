import { uptime } from 'node:os'
import { runCommand, type RunCommand } from './command'
import { readTextBelow, type ReadText } from './linux/read-text'

/** One run of this machine, from when it was started until it is started again. */
export interface Boot {
  /** What the system calls it. */
  readonly id?: string
  /** Milliseconds since 1970; a moment off, and by a clock that may be set right. */
  readonly startedAt: number
}

export interface BootOptions {
  readonly platform?: NodeJS.Platform
  readonly run?: RunCommand
  readonly read?: ReadText
  readonly now?: () => number
  readonly uptimeSeconds?: () => number
}

/** The run of this machine that this process is in. Never fails: where the system has no name for it, there is none. */
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
