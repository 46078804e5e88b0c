import { svelte } from '@sveltejs/vite-plugin-svelte'
import { fileURLToPath } from 'node:url'
import type { UserConfig } from 'vite'

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** How the app is built; electron.vite.config.ts takes it over. */
export const renderer = {
  root: folder('src-renderer'),
  resolve: { alias: { '@core': folder('src-core'), '@renderer': folder('src-renderer') } },
  plugins: [svelte({ configFile: folder('svelte.config.js') })],
  build: {
    outDir: folder('out/renderer'),
    target: 'chrome114',
    rolldownOptions: {
      input: folder('src-renderer/index.html'),
      // What the first page needs is one file, not one for each part that another page uses too.
      output: { codeSplitting: { groups: [{ name: 'app', tags: ['$initial'] }] } },
    },
  },
} satisfies UserConfig

/** A running node. */
const node = process.env['MUSTER_URL'] ?? 'http://127.0.0.1:52416'

/** What neither is a source nor comes from Vite is a route of the API. */
const API_ROUTES = String.raw`^/(?!$|@|node_modules/|[^?]*\.(css|html|js|json|mjs|svelte|svg|ts)(\?|$))`

/** `npm run dev`: the app with hot reloading in a browser, against a node that runs already. */
export default {
  ...renderer,
  server: {
    proxy: {
      [API_ROUTES]: {
        target: node,
        changeOrigin: true,
        // To the node the app must look as if the node itself had served it.
        headers: { origin: new URL(node).origin },
      },
    },
  },
} satisfies UserConfig
