import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What can make a Python environment here. */
export type PythonTool =
  | { readonly kind: 'uv'; readonly executable: string }
  | { readonly kind: 'python'; readonly executable: string; readonly version: string }

/** The oldest and the newest minor version of Python 3 that MLX has ready-made packages for. */
export const OLDEST_MINOR = 11
export const NEWEST_MINOR = 14

/** A question to a Python may wait for a disk that sleeps. */
const TIME_LIMIT_MS = 15_000

const FACTS = 'import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)'

type Env = Readonly<Record<string, string | undefined>>

/** Whether a Python 3 with that minor version can have the runner's packages. */
export const fitsRunner = (major: number, minor: number): boolean =>
  major === 3 && minor >= OLDEST_MINOR && minor <= NEWEST_MINOR

/** Apple's own python3 is too old, and asking it on a Mac without developer tools opens a dialog. */
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

/** Newest first; the name without a version last. */
const pythonNames = (): readonly string[] => [
  ...Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => `python3.${NEWEST_MINOR - index}`),
  'python3',
]

/**
 * uv where it is there, for it is quicker and brings a Python along: the one that `MUSTER_UV` names, the one in a
 * packaged app, or one on the PATH. Else the newest fitting Python on the PATH; undefined where there is neither.
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
