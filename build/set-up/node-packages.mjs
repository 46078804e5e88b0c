import { access } from 'node:fs/promises'
import path from 'node:path'
import { CommandFailed, runCommand, withRetries } from './commands.mjs'
import { root } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { fingerprint } from './stamps.mjs'

/**
 * npm as this process was started by it, else the one on the PATH.
 *
 * @param {readonly string[]} args
 * @returns {[program: string, args: string[]]}
 */
export function npm(args) {
  const entry = process.env['npm_execpath']
  return entry?.endsWith('.js') ? [process.execPath, [entry, ...args]] : ['npm', [...args]]
}

/**
 * Native packages compile against Node's headers. Where this Node came with its own they need not be
 * downloaded.
 */
async function headersOfThisNode() {
  const prefix = path.resolve(path.dirname(process.execPath), '..')
  const there = await access(path.join(prefix, 'include', 'node', 'node.h')).then(
    () => true,
    () => false,
  )
  return there && !process.env['npm_config_nodedir'] ? { npm_config_nodedir: prefix } : {}
}

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('./steps.mjs').Step}
 */
export const nodePackages = ({ signal }) => ({
  id: 'node-packages',
  title: 'Node packages',
  doing: 'installing',
  stamp: path.join(root, 'node_modules', '.cache', 'muster', 'installed'),
  inputs: () =>
    fingerprint({
      files: ['package-lock.json', '.npmrc'].map((file) => path.join(root, file)),
      values: [process.versions.modules],
    }),
  isThere: async () => true,
  hint: 'Check that this machine reaches the npm registry, then run the same command again: it goes on where it stopped.',
  work: async (say) => {
    const env = { ...process.env, ...(await headersOfThisNode()) }
    const [program, args] = npm(['ci', '--no-audit', '--no-fund', '--prefer-offline'])
    const install = () =>
      runCommand(program, args, { log: 'node-packages', signal, env }).catch((error) => {
        throw error instanceof CommandFailed && error.output.includes('EUSAGE') ? lockMismatch(error) : error
      })
    await withRetries(install, { signal, onRetry: () => say('failed, trying again') })
  },
})

/** @param {unknown} cause */
const lockMismatch = (cause) =>
  new SetUpProblem({
    message: 'Node packages: package.json asks for something that package-lock.json does not have',
    hint: 'Run `npm install`, which brings the two together.',
    cause,
  })
