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
const openWebUi = path.join(cache, 'open-webui')
const [nodePackages, requirements] = [path.join(sources, 'package.json'), path.join(sources, 'requirements.txt')]
const openWebUiRequirements = path.join(sources, 'open-webui.txt')

/** The folder of agents from npm. */
export const agentsFolder = path.join(cache, 'agents')

/** The Python environment of the other agents. */
export const agentsPython = pythonOf(python)

/**
 * Claude Code, Codex, Open WebUI and others: more than 2 GB, needed only by the suite that runs them.
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
  inputs: () => fingerprint({ files: [nodePackages, requirements, openWebUiRequirements] }),
  isThere: async () => {
    const all = [path.join(agentsFolder, 'node_modules'), agentsPython, pythonOf(openWebUi)]
    return (await Promise.all(all.map(exists))).every(Boolean)
  },
  hint: 'Tests with other people’s agents fail without them. Run the same command again to get them.',
  work: async (say) => {
    const log = 'agents'
    await mkdir(agentsFolder, { recursive: true })
    await copyFile(nodePackages, path.join(agentsFolder, 'package.json'))
    // Without a lock file: not every registry has every platform's binary of these packages.
    const [program, args] = npm(['install', '--no-package-lock', '--no-audit', '--no-fund', '--prefer-offline'])
    await withRetries(() => runCommand(program, args, { log, signal, cwd: agentsFolder }), {
      signal,
      onRetry: () => say('failed, trying again'),
    })
    await fillEnvironment(
      { folder: python, python: agentsPython },
      { requirements: [requirements], hashes: false, log, signal, say },
    )
    await fillEnvironment(
      { folder: openWebUi, python: pythonOf(openWebUi) },
      { requirements: [openWebUiRequirements], hashes: false, complete: true, log, signal, say },
    )
  },
})
