/**
 * `npm test`: sets up what this machine lacks, then runs every suite. With the name of a suite
 * (`lint`, `typecheck`, `unit`, `python`, `integration`, `clients`, `models`, `e2e`, `docs`,
 * `package`, `soak`, `agents`, `bench`) it runs that one and passes further arguments to its test runner. Uses Node
 * alone, because a fresh clone has nothing else.
 */
import path from 'node:path'
import { packagingTools } from './package/tools.mjs'
import { uvForPackage } from './package/uv.mjs'
import { agentPackages, agentsFolder, agentsPython } from './set-up/agent-packages.mjs'
import { appBuild } from './set-up/app-build.mjs'
import { clientPackages } from './set-up/client-packages.mjs'
import { coderDirectory, coderModel } from './set-up/coder-model.mjs'
import { gemmaDirectory, gemmaModel } from './set-up/gemma-model.mjs'
import { interruptible } from './set-up/interruption.mjs'
import { nodePackages } from './set-up/node-packages.mjs'
import { requireNode } from './set-up/node-version.mjs'
import { dataFolder, environmentPython } from './set-up/places.mjs'
import { pythonEnvironment } from './set-up/python-environment.mjs'
import { explain, setUp } from './set-up/set-up.mjs'
import { starterModel, testModels } from './set-up/starter-model.mjs'
import { browserForTests } from './test-runtime/browser.mjs'
import { electronForTests, hasTestElectron } from './test-runtime/electron.mjs'
import { electronBinary } from './set-up/electron-binary.mjs'
import { siteTools } from './site/tools.mjs'
import { failuresText } from './test/failures.mjs'
import { describe, runSuites } from './test/run-suites.mjs'
import { EXTRA_SUITES, SUITES } from './test/suites.mjs'

/** @typedef {import('./test/suites.mjs').Suite} Suite */

const start = performance.now()
/** @param {string} line */
const print = (line) => console.log(line)

/**
 * @param {readonly Suite[]} suites
 * @param {AbortSignal} signal
 */
function prepare(suites, signal) {
  /** @type {(need: import('./test/suites.mjs').Need, step: import('./set-up/steps.mjs').Step) => import('./set-up/steps.mjs').Step[]} */
  const ifNeeded = (need, step) => (suites.some(({ needs }) => needs.includes(need)) ? [step] : [])
  const elsewhere = [path.join(dataFolder(), 'models')]
  return setUp(
    [
      [
        ...ifNeeded('packages', nodePackages({ signal })),
        ...ifNeeded('app', appBuild({ signal })),
        ...ifNeeded('browser', browserForTests({ signal })),
        ...ifNeeded('electron', hasTestElectron ? electronForTests({ signal }) : electronBinary({ signal })),
      ],
      [
        ...ifNeeded('python', pythonEnvironment({ signal, extras: 'test' })),
        ...ifNeeded('starter', starterModel({ signal, models: testModels, elsewhere })),
        ...ifNeeded('coder', coderModel({ signal })),
        ...ifNeeded('gemma', gemmaModel({ signal })),
        ...ifNeeded('agents', agentPackages({ signal })),
        ...ifNeeded('clients', clientPackages({ signal })),
        ...ifNeeded('packaging', packagingTools({ signal })),
        ...ifNeeded('site', siteTools({ signal })),
        ...ifNeeded('uv', uvForPackage({ signal })),
      ],
    ],
    { signal, print },
  )
}

/** Removes variables that tests must not inherit, and adds those that they need. */
function environment() {
  const { MUSTER_DATA_DIR, MUSTER_URL, MUSTER_HOST, MUSTER_PORT, ...inherited } = process.env
  return {
    ...inherited,
    MUSTER_PYTHON: process.env['MUSTER_PYTHON'] || environmentPython,
    MUSTER_STARTER_DIR: testModels,
    MUSTER_CODER_MODEL: coderDirectory,
    MUSTER_GEMMA_MODEL: gemmaDirectory,
    MUSTER_TEST_AGENTS: agentsFolder,
    MUSTER_TEST_AGENTS_PYTHON: agentsPython,
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
  }
}

/**
 * @param {readonly import('./test/run-suites.mjs').Outcome[]} outcomes
 * @returns {number} the exit code
 */
function conclude(outcomes) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  print(`\n── Summary ${'─'.repeat(68)}`)
  for (const { suite, counts, seconds } of outcomes) {
    print(`  ${suite.title.padEnd(44)} ${`${seconds.toFixed(1)} s`.padStart(8)}   ${describe(counts)}`)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
  }
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  print(`  ${'With the set-up'.padEnd(44)} ${`${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(8)}\n`)
  if (failures.length > 0) print(failuresText(failures))
  print(describe(total))
  return total.failed > 0 ? 1 : 0
}

requireNode()
const [name, ...args] = process.argv.slice(2)
const known = [...SUITES, ...EXTRA_SUITES]
const suites = name === undefined ? SUITES : known.filter((suite) => suite.name === name)
if (suites.length === 0) {
  print(`There is no suite "${name}". There are: ${known.map((suite) => suite.name).join(', ')}.`)
  process.exit(2)
}
process.exitCode = await interruptible(async (signal) => {
  const problems = await prepare(suites, signal)
  const outcomes = await runSuites(suites, {
    args,
    env: environment(),
    signal,
    write: (text) => process.stdout.write(text),
  })
  explain(problems, print)
  return conclude(outcomes)
})
