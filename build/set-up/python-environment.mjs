import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from './commands.mjs'
import { requirementsHere } from './gpu.mjs'
import { environment, environmentPython, runner } from './places.mjs'
import { fillEnvironment } from './python-packages.mjs'
import { fingerprint } from './stamps.mjs'

const HINT = [
  'Check that this machine reaches the Python package index, then run the same command again.',
  'If that does not help, delete native-runner/.venv first.',
].join('\n')

/**
 * The runner's Python environment. Its packages are pinned by hash. The runner itself is used in place and not copied
 * into it, so that a changed source needs no new set-up.
 *
 * @param {{ signal: AbortSignal, extras: 'run' | 'test' }} options
 * @returns {import('./steps.mjs').Step}
 */
export function pythonEnvironment({ signal, extras }) {
  /** @type {Promise<string[]> | undefined} */
  let files
  const requirements = () =>
    (files ??= requirementsHere({ signal }).then((name) => [
      path.join(runner, name),
      ...(extras === 'test' ? [path.join(runner, name.replace('requirements', 'requirements-dev'))] : []),
    ]))
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
    inputs: async () => fingerprint({ files: await requirements() }),
    isThere: works,
    hint: HINT,
    work: async (say) => {
      const python = { folder: environment, python: environmentPython }
      await fillEnvironment(python, {
        requirements: await requirements(),
        hashes: true,
        complete: true,
        log: 'python',
        signal,
        say,
      })
      await makeRunnerFound(signal)
      await runCommand(environmentPython, ['-m', 'compileall', '-q', path.join(runner, 'src')], {
        log: 'python',
        signal,
      })
      if (!(await works())) throw new Error('the runner cannot be imported')
    },
  }
}

/** @param {AbortSignal} signal */
async function makeRunnerFound(signal) {
  const script = 'import sysconfig; print(sysconfig.get_paths()["purelib"])'
  const packages = (await runCommand(environmentPython, ['-c', script], { log: 'python', signal })).trim()
  await mkdir(packages, { recursive: true })
  await writeFile(path.join(packages, 'muster_runner.pth'), `${path.join(runner, 'src')}\n`)
}
