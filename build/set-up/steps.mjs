import { CommandFailed } from './commands.mjs'
import { SetUpProblem } from './problem.mjs'
import { stampAt } from './stamps.mjs'

/**
 * @typedef {object} Step
 * @property {'node-packages' | 'app' | 'electron' | 'python' | 'starter' | 'coder' | 'gemma' | 'clients' | 'agents' | 'browser' | 'packaging' | 'site' | 'uv'} id
 * @property {readonly Step['id'][]} needs steps that have to be done first
 * @property {string} title
 * @property {string} doing the progress line's text while it runs
 * @property {string} stamp the file that records with which inputs it was done
 * @property {() => Promise<string>} inputs a fingerprint
 * @property {() => Promise<boolean>} isThere whether its result still exists
 * @property {(say: (news: string) => void) => Promise<void>} work
 * @property {string} hint what to do when it fails
 */

const REMINDER_MS = 30_000

/**
 * Runs a step unless it was done with the same inputs, printing a line at its start and its end.
 *
 * @param {Step} step
 * @param {{ print: (line: string) => void, signal: AbortSignal, now?: () => number }} options
 * @returns {Promise<'done' | 'unchanged'>} rejects with a `SetUpProblem`
 */
export async function runStep(step, { print, signal, now = () => performance.now() }) {
  const stamp = stampAt(step.stamp)
  /** @param {string} text */
  const line = (text) => print(`  ${step.title.padEnd(20)} ${text}`)
  const inputs = await step.inputs()
  if ((await stamp.read()) === inputs && (await step.isThere())) {
    line('ready')
    return 'unchanged'
  }

  const start = now()
  const elapsed = () => `${((now() - start) / 1000).toFixed(1)} s`
  line(`${step.doing} …`)
  const reminder = setInterval(() => line(`still at it after ${elapsed()}`), REMINDER_MS)
  try {
    await stamp.remove()
    await step.work(line)
    await stamp.write(inputs)
    line(`done in ${elapsed()}`)
    return 'done'
  } catch (error) {
    line(`${signal.aborted ? 'stopped' : 'failed'} after ${elapsed()}`)
    throw problemOf(error, step)
  } finally {
    clearInterval(reminder)
  }
}

/**
 * @param {unknown} error
 * @param {Step} step
 */
function problemOf(error, { title, hint }) {
  if (error instanceof SetUpProblem) return error
  const message = `${title}: ${error instanceof Error ? error.message : String(error)}`
  const output = error instanceof CommandFailed ? `${tellingLines(error.output)}\n(all of it: ${error.log})` : undefined
  return new SetUpProblem({ message, hint, cause: error, ...(output !== undefined && { output }) })
}

/**
 * Picks the lines of a program's output that seem to explain its failure: no stack traces, no retries.
 *
 * @param {string} output
 */
function tellingLines(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at |^warning: /i.test(line))
  const errors = lines.filter((line) => /error|cannot|could not|failed|missing/i.test(line))
  return (errors.length > 0 ? errors : lines).slice(-8).join('\n')
}
