import path from 'node:path'
import { cache } from '../set-up/places.mjs'
import { toolPackages } from '../set-up/tool-packages.mjs'

const tools = path.join(cache, 'site')

/** VitePress's command line. */
export const vitepress = path.join(tools, 'node_modules', 'vitepress', 'bin', 'vitepress.js')

/** @param {{ signal: AbortSignal }} options */
export const siteTools = ({ signal }) =>
  toolPackages({
    id: 'site',
    title: 'Documentation tools',
    hint: 'Without them the pages of docs/ are not made into a site. Check that this machine reaches the npm registry, then run the same command again.',
    from: import.meta.dirname,
    to: tools,
    entry: vitepress,
    signal,
  })
