import path from 'node:path'
import { exists } from './files.mjs'
import { cache, root } from './places.mjs'
import { fillEnvironment, pythonOf } from './python-packages.mjs'
import { fingerprint } from './stamps.mjs'

const folder = path.join(cache, 'clients')
const requirements = path.join(root, 'tests', 'clients', 'requirements.txt')

/** A Python environment with other services' clients and nothing of Muster. */
export const clientsPython = pythonOf(folder)

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('./steps.mjs').Step}
 */
export const clientPackages = ({ signal }) => ({
  id: 'clients',
  needs: [],
  title: 'Clients for tests',
  doing: 'fetching',
  stamp: path.join(folder, '.filled'),
  inputs: () => fingerprint({ files: [requirements] }),
  isThere: () => exists(clientsPython),
  hint: 'Tests with the clients of OpenAI, Anthropic and others fail without them. Run the same command again.',
  work: (say) =>
    fillEnvironment(
      { folder, python: clientsPython },
      { requirements: [requirements], hashes: false, log: 'clients', signal, say },
    ),
})
