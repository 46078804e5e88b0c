import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from './commands.mjs'
import { exists } from './files.mjs'
import { npm } from './node-packages.mjs'
import { cache, root } from './places.mjs'
import { fillEnvironment, pythonOf } from './python-packages.mjs'
import { fingerprint } from './stamps.mjs'

const sources = path.join(root, 'tests', 'agents')
const python = path.join(cache, 'agents-python')
const [nodePackages, requirements] = [path.join(sources, 'package.json'), path.join(sources, 'requirements.txt')]

/** Where the agents from npm are. */
export const agentsFolder = path.join(cache, 'agents')

/** The Python that has the other ones. */
export const agentsPython = pythonOf(python)

/**
 * Claude Code, Codex and others: more than a gigabyte, which only the suite that runs them asks for.
 *
 * @param {{ signal: AbortSignal }} options
 * @returns {import('./steps.mjs').Step}
 */
export const agentPackages = ({ signal }) => ({
  id: 'agents',
  needs: [],
  title: 'Agents for tests',
  doing: 'fetching',
  stamp: path.join(agentsFolder, '.installed'),
  inputs: () => fingerprint({ files: [nodePackages, requirements] }),
  isThere: async () => (await exists(path.join(agentsFolder, 'node_modules'))) && exists(agentsPython),
  hint: 'Tests with other people’s agents fail without them. Run the same command again to get them.',
  work: async (say) => {
    const log = 'agents'
    await mkdir(agentsFolder, { recursive: true })
    await copyFile(nodePackages, path.join(agentsFolder, 'package.json'))
    // Without a lock file: not every platform's binary of theirs is to be had from every registry.
    const [program, args] = npm(['install', '--no-package-lock', '--no-audit', '--no-fund', '--prefer-offline'])
    await withRetries(() => runCommand(program, args, { log, signal, cwd: agentsFolder }), {
      signal,
      onRetry: () => say('failed, trying again'),
    })
    await fillEnvironment(
      { folder: python, python: agentsPython },
      { requirements: [requirements], hashes: false, log, signal, say },
    )
  },
})
