import path from 'node:path'
import { cache } from '../set-up/places.mjs'
import { toolPackages } from '../set-up/tool-packages.mjs'

/** Where electron-builder is installed: apart from the app's own packages, because few developers make installers. */
export const tools = path.join(cache, 'packaging')

/** electron-builder's command line. */
export const electronBuilder = path.join(tools, 'node_modules', 'electron-builder', 'cli.js')

/** @param {{ signal: AbortSignal }} options */
export const packagingTools = ({ signal }) =>
  toolPackages({
    id: 'packaging',
    title: 'Packaging tools',
    hint: 'Without them no installer can be made. Check that this machine reaches the npm registry, then run the same command again.',
    from: import.meta.dirname,
    to: tools,
    entry: electronBuilder,
    signal,
  })
