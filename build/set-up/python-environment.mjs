import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { environment, environmentPython, runner } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { NEWEST, OLDEST, findPython, hasUv, installHint } from './python.mjs'
import { fingerprint } from './stamps.mjs'

const HINT = [
  'Check that this machine reaches the Python package index, then run the same command again.',
  'If that does not help, delete native-runner/.venv first.',
].join('\n')

/**
 * The runner's Python environment. Its packages are pinned by hash; the runner itself is not copied
 * into it but found where it lies, so that a changed source needs no new set-up.
 *
 * @param {{ signal: AbortSignal, extras: 'run' | 'test' }} options
 * @returns {import('./steps.mjs').Step}
 */
export function pythonEnvironment({ signal, extras }) {
  const requirements = [
    path.join(runner, 'requirements.txt'),
    ...(extras === 'test' ? [path.join(runner, 'requirements-dev.txt')] : []),
  ]
  const works = () =>
    runCommand(environmentPython, ['-c', 'import muster_runner'], { log: 'python', signal, timeLimitMs: 30_000 }).then(
      () => true,
      () => false,
    )
  return {
    id: 'python',
    needs: [],
    title: extras === 'test' ? 'Python for tests' : 'Python environment',
    doing: 'making',
    stamp: path.join(environment, `muster-${extras}`),
    inputs: () => fingerprint({ files: requirements }),
    isThere: works,
    hint: HINT,
    work: async (say) => {
      const installer = await chooseInstaller({ signal, say })
      // pip and uv try each download several times themselves.
      const retrying = { signal, pausesMs: [1000], onRetry: () => say('failed, trying again') }
      if (!(await exists(environmentPython)) || !(await runs(signal))) await installer.make()
      for (const file of requirements) await withRetries(() => installer.install(file), retrying)
      await makeRunnerFound(signal)
      await runCommand(environmentPython, ['-m', 'compileall', '-q', path.join(runner, 'src')], {
        log: 'python',
        signal,
      })
      if (!(await works())) throw new Error('the runner cannot be imported')
    },
  }
}

/**
 * uv where it is there, for it is quicker and can bring a Python; else Python's own tools.
 *
 * @param {{ signal: AbortSignal, say: (news: string) => void }} options
 * @returns {Promise<{ make: () => Promise<unknown>, install: (requirements: string) => Promise<unknown> }>}
 */
async function chooseInstaller({ signal, say }) {
  const options = { log: 'python', signal }
  const remove = () => rm(environment, { recursive: true, force: true })
  if (await hasUv({ signal })) {
    say('using uv')
    const range = `>=${OLDEST.join('.')},<3.${(NEWEST[1] ?? 0) + 1}`
    return {
      make: async () => {
        await remove()
        await withRetries(() => runCommand('uv', ['venv', '--python', range, environment], options), {
          signal,
          onRetry: remove,
        })
      },
      install: (file) =>
        runCommand(
          'uv',
          ['pip', 'install', '--python', environmentPython, '--require-hashes', '--compile-bytecode', '-r', file],
          options,
        ),
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
    make: async () => {
      await remove()
      await runCommand(executable, ['-m', 'venv', environment], options).catch((error) => {
        throw new SetUpProblem({
          message: `Python ${version} cannot make a virtual environment`,
          hint: `On Debian and Ubuntu: sudo apt install python${version}-venv\n${installHint()}`,
          cause: error,
        })
      })
    },
    install: (file) =>
      runCommand(
        environmentPython,
        ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--require-hashes', '-r', file],
        options,
      ),
  }
}

/** An environment dies with the Python it was made from, for instance when that is upgraded. @param {AbortSignal} signal */
const runs = (signal) =>
  runCommand(environmentPython, ['-c', ''], { log: 'python', signal, timeLimitMs: 30_000 }).then(
    () => true,
    () => false,
  )

/** @param {AbortSignal} signal */
async function makeRunnerFound(signal) {
  const script = 'import sysconfig; print(sysconfig.get_paths()["purelib"])'
  const packages = (await runCommand(environmentPython, ['-c', script], { log: 'python', signal })).trim()
  await mkdir(packages, { recursive: true })
  await writeFile(path.join(packages, 'muster_runner.pth'), `${path.join(runner, 'src')}\n`)
}
