import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Python } from './worker/python'

/**
 * The Python that runs models: the one the environment names, else the one that the set-up made beside
 * the app. `appRoot` is the folder with native-runner in it.
 */
export const findPython = (appRoot: string, env: NodeJS.ProcessEnv): Python => {
  const problem = env['MUSTER_PYTHON_PROBLEM']
  const executable = env['MUSTER_PYTHON'] ?? join(appRoot, 'native-runner', '.venv', 'bin', 'python')
  const source = join(appRoot, 'native-runner', 'src')
  // Absolute: a runner starts in a folder of its own.
  if (executable !== '' && existsSync(executable) && existsSync(source))
    return { executable: resolve(executable), source }
  return { unavailable: problem ?? 'The Python environment is missing. Start Muster with `npm start`, which makes it' }
}
