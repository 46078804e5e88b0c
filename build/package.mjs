/**
 * `npm run package -- --linux --dir`: sets up what this machine lacks, then packages the app with electron-builder,
 * which gets these options. Results are in `dist/packages`. Uses Node alone, because a fresh clone has nothing else.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { packageConfiguration } from './package/configuration.mjs'
import { electronToPackage } from './package/electron.mjs'
import { stage, staging } from './package/staging.mjs'
import { electronBuilder, packagingTools } from './package/tools.mjs'
import { uvForPackage } from './package/uv.mjs'
import { appBuild } from './set-up/app-build.mjs'
import { electronBinary } from './set-up/electron-binary.mjs'
import { runInForeground } from './set-up/foreground.mjs'
import { interruptible } from './set-up/interruption.mjs'
import { nodePackages } from './set-up/node-packages.mjs'
import { requireNode } from './set-up/node-version.mjs'
import { root } from './set-up/places.mjs'
import { pythonEnvironment } from './set-up/python-environment.mjs'
import { explain, setUp } from './set-up/set-up.mjs'
import { electronForTests, hasTestElectron } from './test-runtime/electron.mjs'

/** @param {string} line */
const print = (line) => console.log(line)

const WITHOUT_ELECTRON = [
  '',
  'An installer contains Electron, which this machine has not and could not download.',
  'Run the same command where github.com can be reached, or name a mirror in ELECTRON_MIRROR.',
  'For tests, `npm run package -- --linux --dir` makes a folder with the Electron that tests run in.',
].join('\n')

/**
 * @param {AbortSignal} signal
 * @param {{ testing: boolean }} options
 */
const prepare = (signal, { testing }) =>
  setUp(
    [
      [
        nodePackages({ signal }),
        appBuild({ signal }),
        testing && hasTestElectron ? electronForTests({ signal }) : electronBinary({ signal }),
      ],
      [packagingTools({ signal })],
      // uv is installed from the Python package index, which needs a Python.
      [pythonEnvironment({ signal, extras: 'run' }), uvForPackage({ signal })],
    ],
    { signal, print },
  )

/**
 * @param {readonly string[]} args of electron-builder
 * @param {{ testing: boolean }} options
 * @returns {Promise<number>} the exit code
 */
async function makePackages(args, { testing }) {
  await stage()
  const electron = await electronToPackage({ testing })
  if (electron.forTests)
    print(`Electron ${electron.version} is packaged, the one for tests: the result is for tests only.\n`)
  const output = process.env['MUSTER_PACKAGE_OUTPUT'] || path.join(root, 'dist', 'packages')
  const { env } = process
  const configuration = packageConfiguration({
    electronVersion: electron.version,
    electronDist: electron.dist,
    output,
    env,
  })
  await mkdir(staging, { recursive: true })
  const file = path.join(staging, 'electron-builder.json')
  await writeFile(file, `${JSON.stringify(configuration, undefined, 2)}\n`)
  return (
    await runInForeground(process.execPath, [electronBuilder, '--config', file, '--projectDir', staging, ...args], {
      env,
    })
  ).code
}

requireNode()
const args = process.argv.slice(2)
// A folder is not for distribution: if Electron cannot be downloaded, it may contain the runtime for tests.
const testing = args.includes('--dir')
process.exitCode = await interruptible(async (signal) => {
  const problems = await prepare(signal, { testing })
  explain(problems, print)
  const missing = ['node-packages', 'app', 'packaging', 'python', 'uv'].filter((id) =>
    problems.has(/** @type {any} */ (id)),
  )
  if (missing.length > 0) return 1
  const code = await makePackages(args, { testing })
  if (code !== 0 && problems.has('electron') && !testing) print(WITHOUT_ELECTRON)
  return code
})
