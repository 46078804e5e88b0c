import { rm } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { SetUpProblem } from './problem.mjs'
import { NEWEST, OLDEST, findPython, hasUv, installHint } from './python.mjs'

/** @typedef {{ folder: string, python: string }} Environment python: its interpreter */
/**
 * @typedef {object} Filling
 * @property {readonly string[]} requirements files
 * @property {boolean} hashes whether all of their packages must have one
 * @property {boolean} [complete] whether the files list every package: dependencies outside of them are not installed
 * @property {string} log
 * @property {AbortSignal} signal
 * @property {(news: string) => void} say
 */

/** @param {string} folder of a virtual environment */
export const pythonOf = (folder) =>
  process.platform === 'win32' ? path.join(folder, 'Scripts', 'python.exe') : path.join(folder, 'bin', 'python')

/**
 * Makes a virtual environment unless a working one exists, and installs packages into it.
 *
 * @param {Environment} environment
 * @param {Filling} filling
 */
export async function fillEnvironment(environment, filling) {
  const { requirements, log, signal, say } = filling
  const installer = await chooseInstaller(environment, filling)
  if (!(await exists(environment.python)) || !(await runs(environment, { code: installer.needs, log, signal })))
    await installer.make()
  // pip and uv retry downloads themselves.
  const retrying = { signal, pausesMs: [1000], onRetry: () => say('failed, trying again') }
  for (const file of requirements) await withRetries(() => installer.install(file), retrying)
}

/**
 * Whether the environment works: it breaks when the Python it was made from is upgraded or removed.
 *
 * @param {Environment} environment
 * @param {{ code: string, log: string, signal: AbortSignal }} options code: what its Python must be able to run
 */
const runs = ({ python }, { code, log, signal }) =>
  runCommand(python, ['-c', code], { log, signal, timeLimitMs: 30_000 }).then(
    () => true,
    () => false,
  )

/**
 * Uses uv if available, which is quicker and can bring a Python; otherwise Python's own tools.
 *
 * @param {Environment} environment
 * @param {Filling} filling
 * @returns {Promise<{ needs: string, make: () => Promise<unknown>, install: (requirements: string) => Promise<unknown> }>}
 *   needs: what the environment's Python must be able to run for it
 */
async function chooseInstaller({ folder, python: target }, { hashes, complete = false, log, signal, say }) {
  const options = { log, signal }
  const checked = [...(hashes ? ['--require-hashes'] : []), ...(complete ? ['--no-deps'] : [])]
  const remove = () => rm(folder, { recursive: true, force: true })
  if (await hasUv({ signal })) {
    say('using uv')
    const range = `>=${OLDEST.join('.')},<3.${(NEWEST[1] ?? 0) + 1}`
    return {
      needs: '',
      make: async () => {
        await remove()
        await withRetries(() => runCommand('uv', ['venv', '--python', range, folder], options), {
          signal,
          onRetry: remove,
        })
      },
      install: (file) =>
        runCommand('uv', ['pip', 'install', '--python', target, ...checked, '--compile-bytecode', '-r', file], options),
    }
  }

  const python = await findPython({ signal })
  if (!python.found) {
    const seen = python.tooOld.length > 0 ? ` (${python.tooOld.join(', ')})` : ''
    throw new SetUpProblem({
      message: `no Python ${OLDEST.join('.')} to ${NEWEST.join('.')} was found${seen}`,
      hint: installHint(),
    })
  }
  const { executable, version } = python.found
  say(`using Python ${version}`)
  return {
    // An environment that uv made has no pip.
    needs: 'import pip',
    make: async () => {
      await remove()
      await runCommand(executable, ['-m', 'venv', folder], options).catch((error) => {
        throw new SetUpProblem({
          message: `Python ${version} cannot make a virtual environment`,
          hint: `On Debian and Ubuntu: sudo apt install python${version}-venv\n${installHint()}`,
          cause: error,
        })
      })
    },
    install: (file) =>
      runCommand(
        target,
        ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...checked, '-r', file],
        options,
      ),
  }
}
