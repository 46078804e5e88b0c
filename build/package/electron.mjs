import { cp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { installedElectron } from '../set-up/electron-binary.mjs'
import { root } from '../set-up/places.mjs'
import { hasTestElectron, testElectron } from '../test-runtime/electron.mjs'
import { staging } from './staging.mjs'

/** Version of the test runtime. */
const TEST_VERSION = '25.1.1'

/** @typedef {{ version: string, dist: string | undefined, forTests: boolean }} ElectronToPackage dist: undefined where electron-builder downloads it */

/**
 * The Electron to package: the version in package.json, from this machine or downloaded by electron-builder. Only a
 * folder for tests (`testing`) may contain the test runtime instead, which is never shipped.
 *
 * @param {{ testing: boolean }} options
 * @returns {Promise<ElectronToPackage>}
 */
export async function electronToPackage({ testing }) {
  const manifest = JSON.parse(await readFile(path.join(root, 'node_modules', 'electron', 'package.json'), 'utf8'))
  const installed = await installedElectron({})
  if (installed !== undefined) {
    const dist = path.join(root, 'node_modules', 'electron', 'dist')
    return { version: manifest.version, dist, forTests: false }
  }
  const runtime = testing && hasTestElectron ? await testElectron() : undefined
  if (runtime === undefined) return { version: manifest.version, dist: undefined, forTests: false }
  return { version: TEST_VERSION, dist: await withoutDefaultApp(path.dirname(runtime)), forTests: true }
}

/**
 * A copy of the test runtime without its default app, which Electron would prefer to the packaged one. It must be a
 * copy, because the fuses are written into the program.
 *
 * @param {string} runtime
 */
async function withoutDefaultApp(runtime) {
  const dist = path.join(staging, 'electron')
  await rm(dist, { recursive: true, force: true })
  await cp(runtime, dist, { recursive: true, filter: (file) => file !== path.join(runtime, 'resources', 'app') })
  return dist
}
