import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the set-up keeps and anyone may delete. */
export const cache = path.join(root, '.cache')

export const runner = path.join(root, 'native-runner')

/** The runner's own Python environment. */
export const environment = path.join(runner, '.venv')

export const environmentPython =
  process.platform === 'win32'
    ? path.join(environment, 'Scripts', 'python.exe')
    : path.join(environment, 'bin', 'python')

/** A node's data folder unless it is told another one; the node itself decides the same way. */
export function dataFolder(env = process.env) {
  if (env['MUSTER_DATA_DIR']) return path.resolve(env['MUSTER_DATA_DIR'])
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Application Support', 'Muster')
  return path.join(env['XDG_DATA_HOME'] || path.join(os.homedir(), '.local', 'share'), 'muster')
}
