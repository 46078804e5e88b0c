import { defineConfig } from 'electron-vite'
import { fileURLToPath } from 'node:url'
import { renderer } from './renderer.vite.config'

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const core = { '@core': folder('src-core') }

/** Everything is bundled but what must be a file of its own: Electron's own module and native addons. */
const outside = ['electron', 'node-pty']

/** Dynamic `import()` must become `require()`, or it is not found inside an asar archive. */
const commonJs = { format: 'cjs', dynamicImportInCjs: false, chunkFileNames: 'chunks/[name]-[hash].cjs' } as const

export default defineConfig({
  main: {
    resolve: { alias: { ...core, '@main': folder('src-main') } },
    build: {
      outDir: 'out/main',
      target: 'node18',
      externalizeDeps: false,
      rolldownOptions: {
        input: { electron: folder('src-main/electron.ts'), cli: folder('src-main/headless.ts') },
        external: outside,
        output: { ...commonJs, entryFileNames: '[name].cjs' },
      },
    },
  },
  preload: {
    resolve: { alias: core },
    build: {
      outDir: 'out/preload',
      target: 'node18',
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: folder('src-preload/preload.ts') },
        external: outside,
        output: { ...commonJs, entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer,
})
