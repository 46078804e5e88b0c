import { chmodSync, readSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
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

/** A terminal hands out 4 KB at a time, and holds a few times that. */
const PART_BYTES = 64 * 1024
/** A process that outlived its parent may print for ever. */
const MOST_PARTS = 64

/** Reads what lies in a terminal, without waiting for more. */
const readWhatIsLeft = (fd: number, onBytes: (bytes: Buffer) => void): void => {
  try {
    for (let parts = 0; parts < MOST_PARTS; parts += 1) {
      const bytes = Buffer.alloc(PART_BYTES)
      const count = readSync(fd, bytes)
      if (count === 0) return
      onBytes(bytes.subarray(0, count))
    }
  } catch {
    // EAGAIN: nothing is left now; EIO: nothing will ever come.
  }
}

/**
 * Reads a terminal to its end before it is closed. Node closes it after one part once all processes in it have ended,
 * and node-pty 200 ms after the end, with the lines that say why it ended. node-pty has no way in but its own fields.
 */
const readToTheEnd = (child: object, onBytes: (bytes: Buffer) => void): void => {
  const stream: unknown = Reflect.get(child, '_socket')
  const fd: unknown = Reflect.get(child, 'fd')
  if (!(stream instanceof Readable) || typeof fd !== 'number') return
  const destroy = stream.destroy.bind(stream)
  stream.destroy = (error) => {
    // Destroyed, its descriptor may be another file's.
    if (!stream.destroyed) readWhatIsLeft(fd, onBytes)
    return destroy(error)
  }
}

/** Throws if the terminal or the process cannot be created. */
export const underTerminal = (
  terminal: Terminal,
  { file, args, env, cwd, columns = 120, rows = 40, onOutput, onExit }: ConsoleProcessOptions,
): ConsoleProcess => {
  const child = terminal.spawn(file, [...args], { env: { ...env }, cwd, cols: columns, rows, encoding: null })
  let over = false
  const decoder = new StringDecoder('utf8')
  // Bytes, although node-pty's types say text.
  const onBytes = (bytes: string | Buffer): void => {
    const text = decoder.write(bytes)
    if (text !== '') onOutput(text)
  }
  child.onData(onBytes)
  readToTheEnd(child, onBytes)
  child.onExit(({ exitCode, signal }) => {
    over = true
    const cut = decoder.end()
    if (cut !== '') onOutput(cut)
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
