import { runCommand } from './commands.mjs'

/** Versions with prebuilt packages of MLX and its dependencies. */
export const OLDEST = [3, 11]
export const NEWEST = [3, 14]

const HOW = {
  darwin: 'brew install python@3.13',
  linux: 'sudo apt install python3 python3-venv   (or your distribution’s packages)',
}

/** Advice for a missing Python. */
export const installHint = () =>
  [
    `Install Python ${OLDEST.join('.')} to ${NEWEST.join('.')}, then run the same command again:`,
    `  ${process.platform === 'darwin' ? HOW.darwin : HOW.linux}`,
    '  or uv, which brings a Python along: https://docs.astral.sh/uv/',
  ].join('\n')

const FACTS =
  'import sys, platform; print(sys.version_info[0], sys.version_info[1], platform.machine(), sys.executable)'

/** @typedef {{ executable: string, version: string, machine: string }} Python */

/**
 * The newest fitting Python on the PATH.
 *
 * @param {{ signal: AbortSignal }} options
 * @returns {Promise<{ found: Python } | { found: undefined, tooOld: string[] }>}
 */
export async function findPython({ signal }) {
  const names = [...minors().map((minor) => `python3.${minor}`), 'python3', 'python']
  const unfit = []
  for (const name of names) {
    const python = await inspect(name, signal)
    if (!python) continue
    if (fits(python.version)) return { found: python }
    unfit.push(`${name} is ${python.version}`)
  }
  return { found: undefined, tooOld: unfit }
}

/** Newest first. */
function minors() {
  const [, oldest = 0] = OLDEST
  const [, newest = 0] = NEWEST
  return Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index)
}

/** @param {string} version */
function fits(version) {
  const [major, minor = 0] = version.split('.').map(Number)
  return major === 3 && minors().includes(minor)
}

/**
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<Python | undefined>}
 */
async function inspect(name, signal) {
  // Skipped: Apple's python3 is too old, and on a Mac without developer tools running it opens a dialog.
  const env =
    process.platform === 'darwin' ? { ...process.env, PATH: withoutUsrBin(process.env['PATH'] ?? '') } : process.env
  try {
    const output = await runCommand(name, ['-c', FACTS], { log: 'python', signal, env, timeLimitMs: 15_000 })
    const [major, minor, machine, ...executable] = output.trim().split(' ')
    return { executable: executable.join(' '), version: `${major}.${minor}`, machine: machine ?? '' }
  } catch {
    // Missing or not working: try the next name.
    return undefined
  }
}

/** @param {string} searchPath */
const withoutUsrBin = (searchPath) =>
  searchPath
    .split(':')
    .filter((folder) => folder !== '/usr/bin')
    .join(':')

/** @param {{ signal: AbortSignal }} options */
export const hasUv = ({ signal }) =>
  runCommand('uv', ['--version'], { log: 'python', signal, timeLimitMs: 15_000 }).then(
    () => true,
    () => false,
  )
