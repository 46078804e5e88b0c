import path from 'node:path'
import { runCommand } from '../set-up/commands.mjs'
import { exists } from '../set-up/files.mjs'
import { cache, root } from '../set-up/places.mjs'
import { fingerprint } from '../set-up/stamps.mjs'

const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Playwright's own browsers, in this repository's cache. */
export const browsers = path.join(cache, 'browsers')
const DOWNLOAD_LIMIT_MS = 5 * 60_000

/** @returns {Promise<string | undefined>} a browser of the system; without one Playwright uses its own */
export async function systemBrowser() {
  for (const file of SYSTEM_BROWSERS) if (await exists(file)) return file
  return undefined
}

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('../set-up/steps.mjs').Step}
 */
export const browserForTests = ({ signal }) => ({
  id: 'browser',
  needs: ['node-packages'],
  title: 'Browser for tests',
  doing: 'getting',
  stamp: path.join(browsers, 'installed'),
  inputs: () => fingerprint({ files: [path.join(root, 'node_modules', 'playwright', 'package.json')] }),
  isThere: async () => (await systemBrowser()) !== undefined || exists(browsers),
  hint: 'Install Chromium (Debian: sudo apt install chromium), or run the same command where Playwright’s browsers can be downloaded.',
  work: async () => {
    if (await systemBrowser()) return
    const cli = path.join(root, 'node_modules', 'playwright', 'cli.js')
    await runCommand(process.execPath, [cli, 'install', 'chromium'], {
      log: 'browser',
      signal,
      timeLimitMs: DOWNLOAD_LIMIT_MS,
      env: { ...process.env, PLAYWRIGHT_BROWSERS_PATH: browsers },
    })
  },
})
