import os from 'node:os'

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * Does work that stops when this process is asked to end; the process then ends as that signal would
 * have ended it. A second signal waits for nothing.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function interruptible(work) {
  const controller = new AbortController()
  /** @type {NodeJS.Signals | undefined} */
  let received
  /** @param {NodeJS.Signals} name */
  const stop = (name) => {
    if (received !== undefined) process.exit(exitCodeOf(name))
    received = name
    controller.abort(new Error(`interrupted by ${name}`))
  }
  for (const name of SIGNALS) process.on(name, stop)
  try {
    return await work(controller.signal)
  } finally {
    if (received !== undefined) process.exit(exitCodeOf(received))
    for (const name of SIGNALS) process.off(name, stop)
  }
}

/**
 * What a shell reports for a process that a signal ended.
 *
 * @param {NodeJS.Signals} signal
 */
export const exitCodeOf = (signal) => 128 + os.constants.signals[signal]
