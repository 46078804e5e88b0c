import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const alias = { '@core': folder('src-core'), '@main': folder('src-main'), '@renderer': folder('src-renderer') }

export default defineConfig({
  resolve: { alias },
  test: {
    // Limits are generous: a test waits for conditions, also on a machine whose cores are busy with other work.
    // Not isolated: each module is loaded once, which halves the time. No test file may leave anything behind in one.
    // A condition that is waited for may take as long as the machine is busy; the limit of the test is the limit.
    expect: { poll: { timeout: 80_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          include: ['src-core/**/*.test.ts'],
          isolate: false,
          testTimeout: 90_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'src-main/**/*.test.ts',
            'src-preload/**/*.test.ts',
            'build/**/*.test.ts',
            'tests/scenarios/**/*.test.ts',
            'tests/chaos/**/*.test.ts',
          ],
          isolate: false,
          testTimeout: 90_000,
        },
      },
      {
        extends: true,
        plugins: [svelte(), svelteTesting()],
        test: {
          name: 'renderer',
          environment: 'happy-dom',
          include: ['src-renderer/**/*.test.ts'],
          isolate: false,
          testTimeout: 90_000,
        },
      },
      {
        // Real processes share the machine's cores: one file at a time, or the slowest decides who times out.
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'models',
          include: ['tests/models/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'agents',
          include: ['tests/agents/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['tests/package/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        // Machines of their own, as network namespaces: where there is no root, they are skipped.
        extends: true,
        test: {
          name: 'hosts',
          include: ['tests/hosts/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
