import { hostname } from 'node:os'
import { runCommand, type RunCommand } from './command'

/** This machine's name: from macOS's settings (`Ann's Mac Studio`), else its host name. */
export const machineName = async (
  options: { readonly platform?: NodeJS.Platform; readonly run?: RunCommand; readonly host?: string } = {},
): Promise<string> => {
  const { platform = process.platform, run = runCommand, host = hostname() } = options
  const given = platform === 'darwin' ? ((await run('/usr/sbin/scutil', ['--get', 'ComputerName'])) ?? '').trim() : ''
  const name = given || host.replace(/\.(?:local|lan|home|fritz\.box)$/i, '')
  return name.slice(0, 100) || 'This machine'
}
