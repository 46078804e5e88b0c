import { defineConfig, devices } from '@playwright/test'
import { systemBrowser } from './build/test-runtime/browser.mjs'
import { PATIENCE_MS } from './tests/harness/patience'

const executablePath = process.env['MUSTER_TEST_BROWSER'] ?? (await systemBrowser())

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  // Each test runs a node and its models of its own; two at once would fight over two cores.
  workers: 1,
  forbidOnly: true,
  // Of a whole test: it waits for conditions, each with a limit of its own, also on a machine that is busy otherwise.
  timeout: 300_000,
  // Of a condition: as long as a machine may take that is busy otherwise.
  expect: {
    timeout: 60_000,
    toHaveScreenshot: { pathTemplate: 'tests/gallery/snapshots/{arg}{ext}' },
  },
  use: {
    ...devices['Desktop Chrome'],
    screenshot: 'only-on-failure',
    // Otherwise what hangs ends with the whole test, whose error does not say where.
    actionTimeout: PATIENCE_MS,
    navigationTimeout: PATIENCE_MS,
    // `--trace retain-on-failure` records what happened, at a seventh more of the time.
    trace: 'off',
    launchOptions: executablePath === undefined ? {} : { executablePath },
  },
})
