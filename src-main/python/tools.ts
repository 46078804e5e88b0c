import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The tool that makes the Python environment. */
export type PythonTool =
  | { readonly kind: 'uv'; readonly executable: string }
  | { readonly kind: 'python'; readonly executable: string; readonly version: string }

/** The oldest and newest minor version of Python 3 with prebuilt packages of MLX. */
export const OLDEST_MINOR = 11
export const NEWEST_MINOR = 14

/** Timeout for asking a Python its version; the disk may have to spin up. */
const TIME_LIMIT_MS = 15_000

const FACTS = 'import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)'

type Env = Readonly<Record<string, string | undefined>>

/** Whether a Python 3 of that minor version can have the runner's packages. */
export const fitsRunner = (major: number, minor: number): boolean =>
  major === 3 && minor >= OLDEST_MINOR && minor <= NEWEST_MINOR

/**
 * The PATH, on a Mac without /usr/bin: Apple's python3 is too old, and running it without developer tools opens a
 * dialog.
 */
const foldersOf = (env: Env): readonly string[] =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !(process.platform === 'darwin' && folder === '/usr/bin'))

const onPath = (env: Env, name: string): string | undefined =>
  foldersOf(env)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))

const askPython = (executable: string): Promise<PythonTool | undefined> =>
  new Promise((resolve) => {
    execFile(executable, ['-c', FACTS], { timeout: TIME_LIMIT_MS, encoding: 'utf8' }, (error, stdout) => {
      const [major, minor, ...path] = stdout.trim().split(' ')
      const found = { kind: 'python', executable: path.join(' '), version: `${major}.${minor}` } as const
      resolve(!error && fitsRunner(Number(major), Number(minor)) && found.executable !== '' ? found : undefined)
    })
  })

/** Newest first, then the name without a version. */
const pythonNames = (): readonly string[] => [
  ...Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => `python3.${NEWEST_MINOR - index}`),
  'python3',
]

/**
 * Finds uv, which is faster and can install a Python: the one in `MUSTER_UV`, in a packaged app, or on the PATH.
 * Otherwise the newest fitting Python on the PATH; undefined if there is none.
 *
 * @param bundled the uv of an installed app
 */
export const findPythonTool = async (env: Env, bundled: string | undefined): Promise<PythonTool | undefined> => {
  const given = env['MUSTER_UV']
  const uv = [given, bundled].find((path) => path !== undefined && existsSync(path)) ?? onPath(env, 'uv')
  if (uv !== undefined) return { kind: 'uv', executable: uv }
  for (const name of pythonNames()) {
    const path = onPath(env, name)
    const python = path === undefined ? undefined : await askPython(path)
    if (python) return python
  }
  return undefined
}
