import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from './commands.mjs'
import { exists } from './files.mjs'
import { root } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { fingerprint } from './stamps.mjs'

const PACKAGE = path.join(root, 'node_modules', 'electron')
const REACH_LIMIT_MS = 8_000
const DOWNLOAD_LIMIT_MS = 15 * 60_000

/** Whether a window can be shown. */
export const hasDisplay = (env = process.env) =>
  process.platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])

/** @returns {Promise<string | undefined>} the Electron on this machine */
export async function installedElectron(env = process.env) {
  if (env['ELECTRON_EXEC_PATH']) return env['ELECTRON_EXEC_PATH']
  const relative = await readFile(path.join(PACKAGE, 'path.txt'), 'utf8').catch(() => undefined)
  if (relative === undefined) return undefined
  const binary = path.join(PACKAGE, 'dist', relative.trim())
  return (await exists(binary)) ? binary : undefined
}

/**
 * Downloads Electron's binary. Fails within seconds if its source is unreachable; otherwise the download may take as
 * long as the connection needs.
 *
 * @param {{ signal: AbortSignal }} options
 * @returns {import('./steps.mjs').Step}
 */
export const electronBinary = ({ signal }) => ({
  id: 'electron',
  needs: ['node-packages'],
  title: 'Electron',
  doing: 'downloading',
  stamp: path.join(PACKAGE, 'dist', 'muster'),
  inputs: () =>
    fingerprint({ files: [path.join(PACKAGE, 'package.json')], values: [process.env['ELECTRON_EXEC_PATH'] ?? ''] }),
  isThere: async () => (await installedElectron()) !== undefined,
  hint: 'Muster works without it, in a browser. To get the app, run the same command where github.com can be reached.',
  work: async () => {
    if ((await installedElectron()) !== undefined) return
    if (!goesThroughMirrorOrProxy()) await reach('https://github.com/', signal)
    const options = { log: 'electron', signal, timeLimitMs: DOWNLOAD_LIMIT_MS }
    await runCommand(process.execPath, [path.join(PACKAGE, 'install.js')], options)
    if ((await installedElectron()) === undefined) throw new Error('the download brought no binary')
  },
})

const goesThroughMirrorOrProxy = (env = process.env) =>
  ['ELECTRON_MIRROR', 'npm_config_electron_mirror', 'HTTPS_PROXY', 'https_proxy'].some((name) => env[name])

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function reach(url, signal) {
  const limit = AbortSignal.timeout(REACH_LIMIT_MS)
  await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.any([signal, limit]) }).catch((error) => {
    signal.throwIfAborted()
    throw new SetUpProblem({
      message: `Electron cannot be downloaded: ${new URL(url).host} cannot be reached.`,
      hint: 'Muster works without it, in a browser.',
      cause: error,
    })
  })
}
