import os from 'node:os'

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** A terminal's interrupt may arrive twice: from the terminal and from npm. */
const SAME_INTERRUPT_MS = 1000

/**
 * Runs work that stops on a signal; the process then ends as that signal would have ended it. A second signal ends it
 * at once.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function interruptible(work) {
  const controller = new AbortController()
  /** @type {NodeJS.Signals | undefined} */
  let received
  let receivedAt = 0
  /** @param {NodeJS.Signals} name */
  const stop = (name) => {
    if (received !== undefined) {
      if (Date.now() - receivedAt > SAME_INTERRUPT_MS) process.exit(exitCodeOf(name))
      return
    }
    received = name
    receivedAt = Date.now()
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
 * The exit code that a shell reports for a process ended by a signal.
 *
 * @param {NodeJS.Signals} signal
 */
export const exitCodeOf = (signal) => 128 + os.constants.signals[signal]
