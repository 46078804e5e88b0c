import type { SleepSettings } from '@core/protocols/setup'
import { runCommand, type RunCommand } from './command'
import { parseSleep } from './macos/sleep'

/**
 * After how many idle minutes this machine sleeps; undefined on other systems than macOS, or if macOS does not report
 * it.
 */
export const readSleepSettings = async (
  run: RunCommand = runCommand,
  platform: NodeJS.Platform = process.platform,
): Promise<SleepSettings | undefined> =>
  platform === 'darwin' ? parseSleep((await run('/usr/bin/pmset', ['-g', 'custom'])) ?? '') : undefined
