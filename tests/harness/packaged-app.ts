import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { testEnvironment } from './headless-node'
import { PageProbe } from './page-probe'
import { root } from './paths'

/** The output of `npm run package -- --linux --dir`. */
export const packagedFolder = join(root, 'dist', 'packages', 'linux-unpacked')
export const packagedProgram = join(packagedFolder, 'muster-desktop')
export const packagedResources = join(packagedFolder, 'resources')

/** Why the packaged app cannot be tested here; undefined if it can. */
export const noPackage =
  process.platform !== 'linux'
    ? 'Tests try the package for Linux.'
    : !process.env['DISPLAY']
      ? 'No display is here; run under xvfb-run.'
      : undefined

/** Chromium's sandbox refuses to run as root. */
const unsandboxed = process.getuid?.() === 0 ? ['--no-sandbox'] : []

export const packageApp = (): void => {
  const made = spawnSync(process.execPath, [join(root, 'build', 'package.mjs'), '--linux', '--dir'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`npm run package -- --linux --dir failed:\n${made.stdout}\n${made.stderr}`)
}

export interface PackagedApp {
  readonly page: PageProbe
  readonly process: ChildProcess
  /** Its standard error. */
  stderr(): string
  /** Stops it as a user would; resolves with the exit code. */
  quit(): Promise<number | null>
}

const environment = (dataDir: string, env: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv => ({
  ...testEnvironment(dataDir),
  MUSTER_DATA_DIR: dataDir,
  MUSTER_PORT: '0',
  // It contains its own.
  MUSTER_PYTHON: undefined,
  UV_CACHE_DIR: join(root, '.cache', 'uv-downloads'),
  ...env,
})

/** Starts the packaged app. It accepts no inspector, so its window is reached over the Chrome DevTools protocol. */
export const startPackaged = async (
  dataDir: string,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<PackagedApp> => {
  const child = spawn(packagedProgram, [...unsandboxed, '--remote-debugging-port=0'], {
    env: environment(dataDir, env),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  void exited.then(() => process.off('exit', killed))
  let errors = ''
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-20_000)
      const found = /DevTools listening on ws:\/\/([^/]+)\//.exec(errors)?.[1]
      if (found !== undefined) resolve(found)
    })
    void exited.then((code) => reject(new Error(`the app ended with ${String(code)}: ${errors}`)))
  })
  const page = await PageProbe.open(address)
  return {
    page,
    process: child,
    stderr: () => errors,
    quit: async () => {
      page.close()
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** Starts the app beside a running one on the same data folder; resolves with its output when it has ended. */
export const startPackagedAgain = (
  dataDir: string,
  { args = [], env }: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): { readonly status: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(packagedProgram, [...unsandboxed, ...args], {
    env: environment(dataDir, env),
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

interface Launched {
  readonly dataDir: string
  readonly args: readonly string[]
  /** Standard input. */
  readonly input?: string
}

/** Runs the app's command line as a shell does. */
export const runLauncher = (launcher: string, { dataDir, args, input = '' }: Launched) => {
  const { status, stdout, stderr } = spawnSync(launcher, args, { env: environment(dataDir), encoding: 'utf8', input })
  return { status, stdout, stderr }
}
