/**
 * `npm start`: sets up what this machine lacks, then opens the app, or serves it headless if no window can be shown.
 * Uses Node alone, because a fresh clone has nothing else.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { appBuild, cli } from './set-up/app-build.mjs'
import { electronBinary, hasDisplay, installedElectron } from './set-up/electron-binary.mjs'
import { runInForeground } from './set-up/foreground.mjs'
import { interruptible } from './set-up/interruption.mjs'
import { nodePackages } from './set-up/node-packages.mjs'
import { requireNode } from './set-up/node-version.mjs'
import { dataFolder, environmentPython } from './set-up/places.mjs'
import { pythonEnvironment } from './set-up/python-environment.mjs'
import { explain, setUp } from './set-up/set-up.mjs'
import { starterModel, testModels } from './set-up/starter-model.mjs'

/** Signals that end a program which could not start, such as Electron without a working sandbox. */
const FALSE_STARTS = ['SIGTRAP', 'SIGABRT', 'SIGSEGV', 'SIGILL']

/** @param {string} line */
const print = (line) => console.log(line)

/** Command-line options that the app reads from its environment, with or without a window. */
const FROM_ENVIRONMENT = { port: 'MUSTER_PORT', host: 'MUSTER_HOST', name: 'MUSTER_NAME' }

const { values: options } = parseArgs({
  strict: false,
  options: Object.fromEntries(['data-dir', ...Object.keys(FROM_ENVIRONMENT)].map((name) => [name, { type: 'string' }])),
})
const data = typeof options['data-dir'] === 'string' ? path.resolve(options['data-dir']) : dataFolder()

/** @param {AbortSignal} signal */
async function prepare(signal) {
  const lacksElectron = hasDisplay() && !process.env['ELECTRON_EXEC_PATH']
  const app = [nodePackages({ signal }), appBuild({ signal }), ...(lacksElectron ? [electronBinary({ signal })] : [])]
  const models = [
    pythonEnvironment({ signal, extras: 'run' }),
    starterModel({ signal, models: path.join(data, 'models'), elsewhere: [testModels] }),
  ]
  const problems = await setUp([app, models], { signal, print })
  explain(problems, print)
  return problems
}

/**
 * The app's environment: its data folder, and its Python or why there is none.
 *
 * @param {import('./set-up/set-up.mjs').Problems} problems
 */
function environmentFor(problems) {
  const problem = problems.get('python')
  const python = problem
    ? { MUSTER_PYTHON: '', MUSTER_PYTHON_PROBLEM: `${problem.message}.\n${problem.hint}` }
    : { MUSTER_PYTHON: process.env['MUSTER_PYTHON'] || environmentPython }
  const given = Object.entries(FROM_ENVIRONMENT).flatMap(([name, variable]) => {
    const value = options[name]
    return typeof value === 'string' ? [[variable, value]] : []
  })
  return { ...process.env, ...python, MUSTER_DATA_DIR: data, ...Object.fromEntries(given) }
}

/**
 * @param {import('./set-up/set-up.mjs').Problems} problems
 * @returns {Promise<number>} the exit code
 */
async function run(problems) {
  const args = process.argv.slice(2)
  const env = environmentFor(problems)
  const electron = hasDisplay() ? await installedElectron() : undefined
  if (electron !== undefined) {
    // Chromium's sandbox refuses to run as root.
    const asRoot = process.platform === 'linux' && process.getuid?.() === 0
    const ended = await runInForeground(electron, ['.', ...(asRoot ? ['--no-sandbox'] : []), ...args], { env })
    if (ended.signal === null || !FALSE_STARTS.includes(ended.signal)) return ended.code
    print(`\nElectron ended with ${ended.signal}; serving the app for a browser instead.`)
  }
  return (await runInForeground(process.execPath, [cli, 'serve', '--welcome', ...args], { env })).code
}

requireNode()
const problems = await interruptible(prepare)
if (!existsSync(cli)) process.exit(1)
if (problems.has('node-packages') || problems.has('app')) print('Starting what was built before.\n')
process.exitCode = await run(problems)
