import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'

/** Tells the app's program that a command follows; `build/package/launcher/muster` gives it. */
export const COMMAND_LINE_SWITCH = '--muster-command-line'

/** No page is shown: there is nothing for Chromium's sandbox and graphics to do on Linux. */
export const LINUX_SWITCHES = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--log-level=3'] as const

/** Of a process that a signal ended, as shells have it. */
const INTERRUPTED = 130

/**
 * The words of a command, where the program was started for one: all after `SWITCH --`. Chromium reads nothing behind
 * `--`, so no word of a command is a switch of its own.
 *
 * @param argv of the process
 */
export const commandIn = (argv: readonly string[]): readonly string[] | undefined => {
  const at = argv.indexOf('--')
  return at > 0 && argv[at - 1] === COMMAND_LINE_SWITCH ? argv.slice(at + 1) : undefined
}

const cacheFolder = (): string =>
  process.platform === 'darwin'
    ? join(homedir(), 'Library', 'Caches')
    : process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')

/** Runs a command in place of the app, beside one that may run, and ends with its exit code. */
export const runCommand = (run: () => Promise<number>): void => {
  // On macOS: neither in the Dock nor in front of anything.
  app.setActivationPolicy?.('prohibited')
  app.disableHardwareAcceleration()
  // Chromium wants a folder, and leaves an empty one. The app's own is locked while it runs.
  app.setPath('userData', join(cacheFolder(), 'app.muster.desktop', 'command'))
  // A signal that the command does not take itself ends it.
  app.on('before-quit', (event) => {
    event.preventDefault()
    app.exit(INTERRUPTED)
  })
  void run().then((code) => app.exit(code))
}
