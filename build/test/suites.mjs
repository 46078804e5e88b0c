import { existsSync } from 'node:fs'
import path from 'node:path'
import { clientsPython } from '../set-up/client-packages.mjs'
import { vitepress } from '../site/tools.mjs'
import { cache, environmentPython, root, runner } from '../set-up/places.mjs'
import { browsers } from '../test-runtime/browser.mjs'
import { countChecks, countJUnit, countPlaywright, countVitest, sum } from './counts.mjs'
import { junitFailures, playwrightFailures, vitestFailures } from './failures.mjs'

/** @typedef {'packages' | 'app' | 'python' | 'starter' | 'coder' | 'gemma' | 'clients' | 'agents' | 'electron' | 'browser' | 'packaging' | 'site' | 'uv'} Need */
/** @typedef {[program: string, ...args: string[]]} Command */

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} title
 * @property {readonly Need[]} needs what the set-up must provide
 * @property {(args: readonly string[]) => readonly Command[]} commands all are run, even if an earlier one fails
 * @property {NodeJS.ProcessEnv} [env]
 * @property {import('./counts.mjs').Count} count
 * @property {import('./failures.mjs').FailuresOf} [failures] the failed tests in its report; checks have none
 */

/** @param {string} name */
export const reportOf = (name) => path.join(cache, 'test-reports', name)

/**
 * @param {string} entry the tool's own script, which needs no shell and no PATH
 * @param {readonly string[]} args
 * @returns {Command}
 */
const tool = (entry, ...args) => [process.execPath, path.join(root, 'node_modules', entry), ...args]

/**
 * @param {string} name
 * @param {readonly string[]} projects
 */
const vitest = (name, projects) => (/** @type {readonly string[]} */ args) => [
  tool(
    'vitest/vitest.mjs',
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    ...['--reporter', 'default', '--reporter', 'json', '--outputFile.json', reportOf(name)],
    ...args,
  ),
]

/**
 * The runner's tests use the BLAS that a node gives its runners (`src-main/worker/process/python.ts`), which takes a tenth of
 * the time of MLX's own on Linux. One thread, because several suites run at a time.
 */
const OPENBLAS = ['x86_64-linux-gnu/libopenblas.so.0', 'aarch64-linux-gnu/libopenblas.so.0', 'libopenblas.so.0']
  .map((name) => path.join('/usr/lib', name))
  .find((file) => process.platform === 'linux' && existsSync(file))

/** Prefix for commands that compute. */
const WITH_OPENBLAS = OPENBLAS === undefined ? [] : ['env', `LD_PRELOAD=${OPENBLAS}`, 'OPENBLAS_NUM_THREADS=1']

/**
 * @param {string} name
 * @param {string} python
 * @param {string} folder of its tests
 * @param {readonly string[]} before
 */
const pytest =
  (name, python, folder, before = []) =>
  (/** @type {readonly string[]} */ args) => [
    /** @type {Command} */ ([
      ...before,
      python,
      ...['-m', 'pytest', '--rootdir', folder, `--junitxml=${reportOf(name)}`],
      ...(args.length > 0 ? args : [folder]),
    ]),
  ]

/** @type {Suite} */
const integration = {
  name: 'integration',
  title: 'Integration tests (vitest, real processes)',
  needs: ['packages', 'app', 'python', 'starter'],
  commands: vitest('integration', ['integration']),
  count: countVitest,
  failures: vitestFailures,
}

/** @type {Suite} */
const hosts = {
  name: 'hosts',
  title: 'Several machines (vitest, network namespaces)',
  needs: ['packages', 'app', 'python'],
  commands: vitest('hosts', ['hosts']),
  count: countVitest,
  failures: vitestFailures,
}

const clientTests = path.join(root, 'tests', 'clients')

/** What ruff checks beside the runner. */
const pythonTests = [clientTests, path.join(root, 'tests', 'agents'), path.join(root, 'tests', 'bench')]

/** @type {Suite} */
const clients = {
  name: 'clients',
  title: 'Other services’ clients (pytest, a real node)',
  needs: ['packages', 'app', 'python', 'clients'],
  commands: pytest('clients', clientsPython, clientTests),
  count: countJUnit,
  failures: junitFailures,
}

/** @type {Suite} */
const models = {
  name: 'models',
  title: 'Answers of a real model (vitest)',
  needs: ['packages', 'app', 'python', 'coder'],
  commands: vitest('models', ['models']),
  count: countVitest,
  failures: vitestFailures,
}

/**
 * In order of start and report. Long suites start first, so that none runs alone at the end; one that mostly waits runs
 * beside those that compute. @type {readonly Suite[]}
 */
export const SUITES = [
  {
    name: 'lint',
    title: 'Lint and format',
    needs: ['packages', 'python'],
    commands: () => [
      tool('eslint/bin/eslint.js', '.', '--max-warnings', '0'),
      tool('oxlint/bin/oxlint', '--deny-warnings'),
      tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
      [environmentPython, '-m', 'ruff', 'check', '--quiet', runner, ...pythonTests],
      [environmentPython, '-m', 'ruff', 'format', '--check', runner, ...pythonTests],
    ],
    count: countChecks,
  },
  {
    name: 'typecheck',
    title: 'Types',
    needs: ['packages'],
    commands: () => [
      tool('typescript-native/bin/tsc', '-p', 'tsconfig.json'),
      tool('typescript-native/bin/tsc', '-p', 'tsconfig.core.json'),
      tool('svelte-check/bin/svelte-check', '--tsconfig', './src-renderer/tsconfig.json', '--fail-on-warnings'),
    ],
    count: countChecks,
  },
  hosts,
  {
    name: 'docs',
    title: 'Documentation (VitePress)',
    needs: ['site'],
    commands: () => [[process.execPath, vitepress, 'build', path.join(root, 'docs')]],
    count: countChecks,
  },
  {
    name: 'unit',
    title: 'Unit tests (vitest)',
    needs: ['packages'],
    commands: vitest('unit', ['core', 'unit', 'renderer']),
    count: countVitest,
    failures: vitestFailures,
  },
  {
    name: 'python',
    title: 'Runner tests (pytest)',
    needs: ['python'],
    commands: pytest('python', environmentPython, runner, WITH_OPENBLAS),
    count: countJUnit,
    failures: junitFailures,
  },
  {
    name: 'e2e',
    title: 'End-to-end tests (Playwright)',
    needs: ['packages', 'app', 'python', 'starter', 'electron', 'browser'],
    commands: (args) => [tool('playwright/cli.js', 'test', '--reporter', 'list,json', ...args)],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf('e2e'), PLAYWRIGHT_BROWSERS_PATH: browsers },
    count: countPlaywright,
    failures: playwrightFailures,
  },
  integration,
  models,
  clients,
]

const SOAK_CLIENTS = 'soak-clients'
const madeUpRequests = path.join(clientTests, 'test_openapi.py')
const SOAK_GEMMA = 'soak-gemma'
const slidingWindow = path.join(runner, 'tests', 'engine', 'test_gemma.py')

/** Suites outside a plain `npm test`. @type {readonly Suite[]} */
export const EXTRA_SUITES = [
  {
    ...integration,
    name: 'soak',
    title: 'Integration tests, real models and made-up requests, long counts',
    needs: [...integration.needs, 'coder', 'gemma', 'clients'],
    // Arguments select vitest's tests.
    commands: (args) => [
      ...vitest('soak', ['integration', 'models'])(args),
      ...(args.length > 0
        ? []
        : [
            ...pytest(SOAK_CLIENTS, clientsPython, clientTests)([madeUpRequests]),
            ...pytest(SOAK_GEMMA, environmentPython, runner, WITH_OPENBLAS)([slidingWindow]),
          ]),
    ],
    env: { MUSTER_SOAK: '1' },
    count: async ({ exitCodes: [ofVitest = 1, ...ofPytest], report }) => {
      const reports = [SOAK_CLIENTS, SOAK_GEMMA]
      const counts = ofPytest.map((exitCode, at) =>
        countJUnit({ exitCodes: [exitCode], report: reportOf(reports[at] ?? '') }),
      )
      return sum([await countVitest({ exitCodes: [ofVitest], report }), ...(await Promise.all(counts))])
    },
  },
  {
    name: 'package',
    title: 'The packaged app (vitest, electron-builder)',
    needs: ['packages', 'app', 'python', 'electron', 'packaging', 'uv'],
    commands: vitest('package', ['package']),
    count: countVitest,
    failures: vitestFailures,
  },
  {
    name: 'agents',
    title: 'Other people’s agents (vitest, a real node)',
    needs: ['packages', 'app', 'python', 'coder', 'agents'],
    commands: vitest('agents', ['agents']),
    count: countVitest,
    failures: vitestFailures,
  },
  {
    name: 'bench',
    title: 'Benchmarks',
    needs: ['packages', 'app', 'python', 'starter', 'electron', 'browser'],
    commands: (args) => [tool('tsx/dist/cli.mjs', 'tests/bench/run.ts', ...args)],
    env: { PLAYWRIGHT_BROWSERS_PATH: browsers },
    count: countChecks,
  },
]
