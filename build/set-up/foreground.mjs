import { spawn } from 'node:child_process'
import { exitCodeOf } from './interruption.mjs'
import { root } from './places.mjs'

/**
 * Runs a program in the foreground: same terminal, same signals, same exit code.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ code: number, signal: NodeJS.Signals | null }>}
 */
export function runInForeground(program, args, { env }) {
  const child = spawn(program, args, { cwd: root, env, stdio: 'inherit' })
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    // The terminal interrupts the child itself; a second signal would mean "at once".
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.on(signal, pass)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, pass)
      resolve({ code: signal === null ? (code ?? 1) : exitCodeOf(signal), signal })
    })
  })
}
