import { chmodSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ConsoleProcess, ConsoleProcessOptions, Exit } from './console'
import { signalName } from './signals'

/** The part of node-pty that starts a process. */
export type Terminal = Pick<typeof import('node-pty'), 'spawn'>

const EXECUTABLE_BITS = 0o111

/**
 * Makes node-pty's spawn-helper executable. On macOS every start goes through it, and the npm package ships it without
 * the execute bit, so starts fail with "posix_spawnp failed".
 */
export const repairSpawnHelper = (packageFolder: string, platform: string): void => {
  for (const folder of ['build/Release', `prebuilds/${platform}`]) {
    const path = join(packageFolder, folder, 'spawn-helper')
    try {
      const { mode } = statSync(path)
      if ((mode & EXECUTABLE_BITS) !== EXECUTABLE_BITS) chmodSync(path, mode | EXECUTABLE_BITS)
    } catch {
      // Missing, or not ours to change: a failing start falls back to plain pipes.
    }
  }
}

let loaded: Promise<Terminal | undefined> | undefined

/** Loads node-pty, which is compiled at installation and may be missing. */
export const loadTerminal = (): Promise<Terminal | undefined> => {
  loaded ??= import('node-pty').then(
    (terminal) => {
      if (process.platform === 'darwin') {
        const entry = createRequire(__filename).resolve('node-pty')
        // In a packaged app, executables lie beside the archive.
        const packageFolder = dirname(dirname(entry)).replace('app.asar', 'app.asar.unpacked')
        repairSpawnHelper(packageFolder, `darwin-${process.arch}`)
      }
      return terminal
    },
    () => undefined,
  )
  return loaded
}

/** Throws if the terminal or the process cannot be created. */
export const underTerminal = (
  terminal: Terminal,
  { file, args, env, cwd, columns = 120, rows = 40, onOutput, onExit }: ConsoleProcessOptions,
): ConsoleProcess => {
  const child = terminal.spawn(file, [...args], { env: { ...env }, cwd, cols: columns, rows })
  let over = false
  child.onData(onOutput)
  child.onExit(({ exitCode, signal }) => {
    over = true
    const exit: Exit = signal ? { code: undefined, signal: signalName(signal) } : { code: exitCode, signal: undefined }
    onExit(exit)
  })
  return {
    pid: child.pid,
    kill: (signal) => {
      if (over) return
      try {
        process.kill(child.pid, signal)
      } catch {
        // It has ended; its exit event follows.
      }
    },
  }
}
