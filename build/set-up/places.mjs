import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The set-up's cache, safe to delete. */
export const cache = path.join(root, '.cache')

export const runner = path.join(root, 'native-runner')

/** The runner's Python environment. */
export const environment = path.join(runner, '.venv')

export const environmentPython =
  process.platform === 'win32'
    ? path.join(environment, 'Scripts', 'python.exe')
    : path.join(environment, 'bin', 'python')

/** A HOME that is empty or relative does not count, as for a node. */
export function homeFolder() {
  const home = os.homedir()
  return path.isAbsolute(home) ? home : os.userInfo().homedir
}

/**
 * The default data folder of a node. The same rule as in src-main/settings/data-dir.ts, which cannot be called before
 * it is built.
 *
 * @param {{ platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string }} [surroundings]
 */
export function dataFolder(
  { platform, env, home } = { platform: process.platform, env: process.env, home: homeFolder() },
) {
  if (env['MUSTER_DATA_DIR']) return path.resolve(env['MUSTER_DATA_DIR'])
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Muster')
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'Muster')
  const xdg = env['XDG_DATA_HOME']
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'share'), 'muster')
}
