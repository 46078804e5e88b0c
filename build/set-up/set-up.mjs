import path from 'node:path'
import { acquireLock } from './lock.mjs'
import { cache } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { runStep } from './steps.mjs'

/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {Map<Step['id'], SetUpProblem>} Problems */

/**
 * Does chains of steps, all chains at the same time, one set-up of this repository at a time. A step
 * that fails ends its own chain only.
 *
 * @param {readonly (readonly Step[])[]} chains in a chain each step needs the ones before it
 * @param {{ signal: AbortSignal, print: (line: string) => void }} options
 * @returns {Promise<Problems>} what could not be done
 */
export async function setUp(chains, { signal, print }) {
  const release = await acquireLock(path.join(cache, 'set-up', 'lock'), {
    signal,
    onWait: (holder) => print(`Another set-up is at work${holder && ` (process ${holder})`}; waiting for it …`),
  })
  try {
    /** @type {Problems} */
    const problems = new Map()
    const results = await Promise.allSettled(chains.map((chain) => inOrder(chain, { print, problems })))
    signal.throwIfAborted()
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return problems
  } finally {
    await release()
  }
}

/**
 * @param {readonly Step[]} chain
 * @param {{ print: (line: string) => void, problems: Problems }} options
 */
async function inOrder(chain, { print, problems }) {
  for (const step of chain) {
    try {
      await runStep(step, { print })
    } catch (error) {
      if (!(error instanceof SetUpProblem)) throw error
      problems.set(step.id, error)
      return
    }
  }
}

/**
 * @param {Problems} problems
 * @param {(line: string) => void} print
 */
export function explain(problems, print) {
  for (const { message, hint } of problems.values()) print(`\n${message}\n${hint}\n`)
}
