import path from 'node:path'
import { runCommand } from './commands.mjs'
import { modifiedAt } from './files.mjs'
import { root } from './places.mjs'
import { fingerprint } from './stamps.mjs'

const SOURCES = [
  ...['src-core', 'src-main', 'src-preload', 'src-renderer'],
  ...[
    'electron.vite.config.ts',
    'renderer.vite.config.ts',
    'svelte.config.js',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ],
]

export const cli = path.join(root, 'out', 'main', 'cli.cjs')

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('./steps.mjs').Step}
 */
export const appBuild = ({ signal }) => ({
  id: 'app',
  needs: ['node-packages'],
  title: 'Muster',
  doing: 'building',
  stamp: path.join(root, 'out', 'built'),
  inputs: () => fingerprint({ files: SOURCES.map((name) => path.join(root, name)) }),
  isThere: async () => {
    const [built, stamped] = await Promise.all([modifiedAt(cli), modifiedAt(path.join(root, 'out', 'built'))])
    // A build newer than the stamp was made by something else, and may be of other sources.
    return built !== undefined && stamped !== undefined && built <= stamped
  },
  hint: 'The sources do not build. If you changed them, `npm run build` shows where.',
  work: async () => {
    const entry = path.join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
    await runCommand(process.execPath, [entry, 'build'], { log: 'build', signal })
  },
})
