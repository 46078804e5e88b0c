import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { npm } from './node-packages.mjs'
import { fingerprint } from './stamps.mjs'

const FILES = ['package.json', 'package-lock.json']

/**
 * Packages with their own lock file, separate from the app's: tools that the app does not import.
 *
 * @param {object} options
 * @param {import('./steps.mjs').Step['id']} options.id
 * @param {string} options.title
 * @param {string} options.hint what does not work without them
 * @param {string} options.from the folder with `package.json` and its lock file
 * @param {string} options.to where they are installed
 * @param {string} options.entry the tool's own script, below `to`
 * @param {AbortSignal} options.signal
 * @returns {import('./steps.mjs').Step}
 */
export const toolPackages = ({ id, title, hint, from, to, entry, signal }) => ({
  id,
  needs: [],
  title,
  doing: 'fetching',
  stamp: path.join(to, '.installed'),
  inputs: () => fingerprint({ files: FILES.map((name) => path.join(from, name)) }),
  isThere: () => exists(entry),
  hint,
  work: async (say) => {
    await mkdir(to, { recursive: true })
    for (const name of FILES) await copyFile(path.join(from, name), path.join(to, name))
    const [program, args] = npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'])
    await withRetries(() => runCommand(program, args, { log: id, signal, cwd: to }), {
      signal,
      onRetry: () => say('failed, trying again'),
    })
  },
})
