import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'

/** Marks that a command follows; passed by `build/package/launcher/muster`. */
export const COMMAND_LINE_SWITCH = '--muster-command-line'

/** A command shows no page, so Chromium's sandbox and graphics are not needed on Linux. */
export const LINUX_SWITCHES = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--log-level=3'] as const

/** Exit code of a process that was ended by a signal, as in shells. */
const INTERRUPTED = 130

/**
 * The arguments of a command if the program was started for one: all after `SWITCH --`. Chromium ignores everything
 * after `--`, so no argument of a command is taken for a Chromium switch.
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

/** Runs a command instead of the app, possibly while the app runs, and exits with its exit code. */
export const runCommand = (run: () => Promise<number>): void => {
  // On macOS: no Dock icon, and no change of the foreground app.
  app.setActivationPolicy?.('prohibited')
  app.disableHardwareAcceleration()
  // Chromium requires a user data folder, and leaves it empty here. The app's own folder is locked while it runs.
  app.setPath('userData', join(cacheFolder(), 'app.muster.desktop', 'command'))
  // A signal that the command does not handle ends it.
  app.on('before-quit', (event) => {
    event.preventDefault()
    app.exit(INTERRUPTED)
  })
  void run().then((code) => app.exit(code))
}
