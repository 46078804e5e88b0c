import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { BundledRunner } from './node-options'
import { RunnerEnvironment, type RunnerEnvironmentStatus } from './runner-environment/runner-environment'
import { startConsoleProcess } from './worker/console-process'
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

const whileMissing = (status: Exclude<RunnerEnvironmentStatus, { status: 'ready' }>): string => {
  switch (status.status) {
    case 'missing':
      return 'Its Python environment is not made yet'
    case 'installing':
      return `Its Python environment is being made: ${status.title} (${status.step} of ${status.steps})`
    case 'failed':
      return `${status.title} failed and is tried again: ${status.lastLines}`
  }
}

/** The Python of a node: found once, or made by the app that carries a uv and then found. */
export interface PythonSource {
  current(): Python
  /** The environment that an installed app makes; undefined where another Python is used. */
  readonly environment: RunnerEnvironment | undefined
  close(): Promise<void>
}

export interface PythonSourceOptions {
  /** The folder with native-runner in it. */
  readonly appRoot: string
  readonly bundled: BundledRunner | undefined
  readonly dataDir: string
  readonly env: NodeJS.ProcessEnv
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** Opens this node's Python. An installed app begins to make its environment where it is missing. */
export const openPython = async ({
  appRoot,
  bundled,
  dataDir,
  env,
  log,
}: PythonSourceOptions): Promise<PythonSource> => {
  if (bundled === undefined || env['MUSTER_PYTHON'] !== undefined) {
    const python = findPython(bundled?.root ?? appRoot, env)
    return { current: () => python, environment: undefined, close: () => Promise.resolve() }
  }
  const source = join(bundled.root, 'native-runner', 'src')
  const environment = await RunnerEnvironment.open({
    uv: bundled.uv,
    requirements: join(bundled.root, 'native-runner', 'requirements.txt'),
    source,
    dataDir,
    env,
    startProcess: startConsoleProcess,
    log,
  })
  void environment.install()
  return {
    environment,
    current: () => {
      const status = environment.status()
      return status.status === 'ready' ? { executable: status.python, source } : { unavailable: whileMissing(status) }
    },
    close: () => environment.close(),
  }
}
