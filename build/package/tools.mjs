import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { runCommand, withRetries } from '../set-up/commands.mjs'
import { exists } from '../set-up/files.mjs'
import { npm } from '../set-up/node-packages.mjs'
import { cache } from '../set-up/places.mjs'
import { fingerprint } from '../set-up/stamps.mjs'

const FILES = ['package.json', 'package-lock.json']
const source = (/** @type {string} */ name) => path.join(import.meta.dirname, name)

/** Where electron-builder is: not among the app's own packages, for few who build Muster make installers. */
export const tools = path.join(cache, 'packaging')

/** electron-builder's command line. */
export const electronBuilder = path.join(tools, 'node_modules', 'electron-builder', 'cli.js')

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('../set-up/steps.mjs').Step}
 */
export const packagingTools = ({ signal }) => ({
  id: 'packaging',
  needs: [],
  title: 'Packaging tools',
  doing: 'fetching',
  stamp: path.join(tools, '.installed'),
  inputs: () => fingerprint({ files: FILES.map(source) }),
  isThere: () => exists(electronBuilder),
  hint: 'Without them no installer can be made. Check that this machine reaches the npm registry, then run the same command again.',
  work: async (say) => {
    await mkdir(tools, { recursive: true })
    for (const name of FILES) await copyFile(source(name), path.join(tools, name))
    const [program, args] = npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'])
    await withRetries(() => runCommand(program, args, { log: 'packaging', signal, cwd: tools }), {
      signal,
      onRetry: () => say('failed, trying again'),
    })
  },
})
