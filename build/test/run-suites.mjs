import { spawn } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { exists } from '../set-up/files.mjs'
import { root } from '../set-up/places.mjs'
import { failuresIn, lastLines } from './failures.mjs'
import { reportOf } from './suites.mjs'

/** @typedef {import('./suites.mjs').Suite} Suite */
/** @typedef {import('./failures.mjs').Failure} Failure */
/** @typedef {{ suite: Suite, counts: import('./counts.mjs').Counts, failures: readonly Failure[], seconds: number }} Outcome */

/**
 * Suites that run at the same time on two cores: the suite of several machines mostly waits, and no test asserts a
 * duration.
 */
const LANES = 3

/** Characters kept of a command's output, shown if it fails without a report. */
const REMEMBERED = 10_000

/**
 * Runs suites, several at a time. Output is printed per suite in the given order: the first unfinished one live, the
 * others when it is their turn.
 *
 * @param {readonly Suite[]} suites
 * @param {{ args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal, write: (text: string) => void }} options
 * @returns {Promise<Outcome[]>}
 */
export async function runSuites(suites, { args, env, signal, write }) {
  const turns = inTurns(suites.length, write)
  const outcomes = new Map()
  /** @param {Suite} suite */
  const run = async (suite) => {
    const say = turns.writer(suites.indexOf(suite))
    outcomes.set(suite, await runSuite(suite, { args, env, signal, write: say }))
    turns.finish(suites.indexOf(suite))
  }

  const next = suites[Symbol.iterator]()
  const lane = async () => {
    for (const suite of next) await run(suite)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return suites.map((suite) => outcomes.get(suite))
}

/**
 * @param {Suite} suite
 * @param {{ args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal, write: (text: string) => void }} options
 * @returns {Promise<Outcome>}
 */
async function runSuite(suite, { args, env, signal, write }) {
  const start = performance.now()
  write(`\n── ${suite.title} ${'─'.repeat(Math.max(3, 76 - suite.title.length))}\n`)
  const report = reportOf(suite.name)
  await mkdir(path.dirname(report), { recursive: true })
  await rm(report, { force: true })
  const exitCodes = []
  /** @type {Failure[]} */
  const failedCommands = []
  for (const command of suite.commands(args)) {
    signal.throwIfAborted()
    let said = ''
    const code = await runCommand(await withDisplay(command, suite), {
      env: { ...env, ...suite.env },
      signal,
      write: (text) => {
        said = (said + text).slice(-REMEMBERED)
        write(text)
      },
    })
    exitCodes.push(code)
    if (code !== 0) failedCommands.push({ test: command.join(' ').replaceAll(root, ''), message: lastLines(said) })
  }
  const counts = await suite.count({ exitCodes, report })
  const failures = counts.failed === 0 ? [] : await failuresIn({ report, read: suite.failures, failedCommands })
  const seconds = (performance.now() - start) / 1000
  write(`── ${suite.title}: ${describe(counts)} in ${seconds.toFixed(1)} s\n`)
  return { suite, counts, failures, seconds }
}

/** @param {import('./counts.mjs').Counts} counts */
export const describe = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

const VIRTUAL_DISPLAY = '/usr/bin/xvfb-run'

/**
 * Wraps a command in a virtual display if there is none.
 *
 * @param {import('./suites.mjs').Command} command
 * @param {Suite} suite
 * @returns {Promise<import('./suites.mjs').Command>}
 */
async function withDisplay(command, { needs }) {
  const missing = process.platform === 'linux' && !process.env['DISPLAY'] && needs.includes('electron')
  return missing && (await exists(VIRTUAL_DISPLAY)) ? [VIRTUAL_DISPLAY, '-a', ...command] : command
}

/**
 * @param {import('./suites.mjs').Command} command
 * @param {{ env: NodeJS.ProcessEnv, signal: AbortSignal, write: (text: string) => void }} options
 * @returns {Promise<number>} the exit code
 */
function runCommand([program, ...args], { env, signal, write }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', write)
    child.on('error', (error) => write(`${error.message}\n`))
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop)
      resolve(code ?? 1)
    })
  })
}

/**
 * @param {number} count
 * @param {(text: string) => void} write
 */
function inTurns(count, write) {
  const held = Array.from({ length: count }, () => '')
  const finished = new Set()
  let turn = 0
  return {
    /** @param {number} index */
    writer: (index) => (/** @type {string} */ text) => {
      if (index === turn) write(text)
      else held[index] += text
    },
    /** @param {number} index */
    finish: (index) => {
      finished.add(index)
      while (finished.has(turn)) write(held[++turn] ?? '')
    },
  }
}
