import path from 'node:path'
import { acquireLock } from './lock.mjs'
import { cache } from './places.mjs'
import { SetUpProblem } from './problem.mjs'
import { runStep } from './steps.mjs'

/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {Map<Step['id'], SetUpProblem>} Problems */

/**
 * Runs chains of steps in parallel, one set-up of this repository at a time. Steps that need a failed one are skipped;
 * the others continue.
 *
 * @param {readonly (readonly Step[])[]} chains each step comes after the ones it needs, in its own chain
 * @param {{ signal: AbortSignal, print: (line: string) => void, lock?: string }} options
 * @returns {Promise<Problems>} the failures by step; where nothing can be written, that one for the first step
 */
export async function setUp(chains, { signal, print, lock = path.join(cache, 'set-up', 'lock') }) {
  /** @type {Problems} */
  const problems = new Map()
  const release = await acquireLock(lock, {
    signal,
    onWait: (holder) => print(`Another set-up is at work${holder && ` (process ${holder})`}; waiting for it …`),
  }).catch((error) => {
    const first = chains.flat()[0]
    if (!(error instanceof SetUpProblem) || first === undefined) throw error
    problems.set(first.id, error)
  })
  if (release === undefined) return problems
  try {
    const results = await Promise.allSettled(chains.map((chain) => inOrder(chain, { signal, print, problems })))
    signal.throwIfAborted()
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return problems
  } finally {
    await release()
  }
}

/**
 * @param {readonly Step[]} chain
 * @param {{ signal: AbortSignal, print: (line: string) => void, problems: Problems }} options
 */
async function inOrder(chain, { signal, print, problems }) {
  /** @type {Set<Step['id']>} */
  const leftOut = new Set()
  for (const step of chain) {
    if (step.needs.some((id) => problems.has(id) || leftOut.has(id))) {
      leftOut.add(step.id)
      continue
    }
    try {
      await runStep(step, { print, signal })
    } catch (error) {
      if (!(error instanceof SetUpProblem)) throw error
      problems.set(step.id, error)
    }
  }
}

/**
 * @param {Problems} problems
 * @param {(line: string) => void} print
 */
export function explain(problems, print) {
  for (const { message, output, hint } of problems.values()) {
    print(`\n${[message, output, hint].filter(Boolean).join('\n')}\n`)
  }
}
