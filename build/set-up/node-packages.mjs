import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { CommandFailed, runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { root } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { fingerprint } from './stamps.mjs'

/**
 * npm as it started this process, else the one on the PATH.
 *
 * @param {readonly string[]} args
 * @returns {[program: string, args: string[]]}
 */
export function npm(args) {
  const entry = process.env['npm_execpath']
  return entry?.endsWith('.js') ? [process.execPath, [entry, ...args]] : ['npm', [...args]]
}

/**
 * Native packages compile against Node's headers. If this Node has its own, they need not be downloaded.
 */
async function headersOfThisNode() {
  const prefix = path.resolve(path.dirname(process.execPath), '..')
  const there = await exists(path.join(prefix, 'include', 'node', 'node.h'))
  return there && !process.env['npm_config_nodedir'] ? { npm_config_nodedir: prefix } : {}
}

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('./steps.mjs').Step}
 */
export const nodePackages = ({ signal }) => ({
  id: 'node-packages',
  needs: [],
  title: 'Node packages',
  doing: 'installing',
  stamp: path.join(root, 'node_modules', '.cache', 'muster', 'installed'),
  inputs: () => fingerprint({ files: [path.join(root, 'package-lock.json')] }),
  isThere: async () => true,
  hint: 'Check that this machine reaches the npm registry, then run the same command again: it goes on where it stopped.',
  work: async (say) => {
    if (await matchesLock()) return
    const env = { ...process.env, ...(await headersOfThisNode()) }
    const [program, args] = npm(['ci', '--no-audit', '--no-fund', '--prefer-offline'])
    const install = () =>
      runCommand(program, args, { log: 'node-packages', signal, env }).catch((error) => {
        throw error instanceof CommandFailed && error.output.includes('EUSAGE') ? lockMismatch(error) : error
      })
    await withRetries(install, { signal, onRetry: () => say('failed, trying again') })
  },
})

/**
 * Whether exactly these packages are installed already, according to npm's record of `node_modules`.
 */
async function matchesLock() {
  const [wanted, installed] = await Promise.all([
    lockedIn('package-lock.json'),
    lockedIn('node_modules/.package-lock.json'),
  ])
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([location, entry]) =>
    location in installed
      ? installed[location]?.version === entry.version && installed[location]?.integrity === entry.integrity
      : location === '' || entry.optional === true || entry.devOptional === true,
  )
}

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage */

/**
 * @param {string} file
 * @returns {Promise<Record<string, LockedPackage> | undefined>}
 */
async function lockedIn(file) {
  const text = await readFile(path.join(root, file), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text).packages
}

/** @param {unknown} cause */
const lockMismatch = (cause) =>
  new SetUpProblem({
    message: 'Node packages: package.json asks for something that package-lock.json does not have',
    hint: 'Run `npm install`, which brings the two together.',
    cause,
  })
