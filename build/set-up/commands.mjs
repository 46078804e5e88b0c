import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cache, root } from './places.mjs'
import { SetUpProblem } from './problem.mjs'

/** A program that could not be started, timed out or failed. */
export class CommandFailed extends Error {
  /** @param {{ message: string, output: string, log: string }} details */
  constructor({ message, output, log }) {
    super(message)
    this.name = 'CommandFailed'
    this.output = output
    this.log = log
  }
}

const KEPT_OUTPUT = 16_000
const GRACE_MS = 2000

/** Logs already begun by this process. Later output is appended. @type {Set<string>} */
const begunLogs = new Set()

/**
 * Runs a program to its end and returns the last part of its output. All output is kept in
 * `.cache/set-up/<log>.log`, to explain failures.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ log: string, signal: AbortSignal, env?: NodeJS.ProcessEnv, cwd?: string, timeLimitMs?: number }} options
 * @returns {Promise<string>}
 */
export async function runCommand(program, args, { log, signal, env = process.env, cwd = root, timeLimitMs }) {
  const logFile = path.join(cache, 'set-up', `${log}.log`)
  await mkdir(path.dirname(logFile), { recursive: true })
  const file = createWriteStream(logFile, { flags: begunLogs.has(logFile) ? 'a' : 'w' })
  // A full disk must not end the set-up here: the program says itself what it lacks.
  file.on('error', () => undefined)
  begunLogs.add(logFile)
  file.write(`\n$ ${[program, ...args].join(' ')}\n`)
  const limit = timeLimitMs === undefined ? [] : [AbortSignal.timeout(timeLimitMs)]
  const stop = AbortSignal.any([signal, ...limit])
  let output = ''
  /** @param {string} problem */
  const failed = (problem) =>
    new CommandFailed({ message: `${nameOf(program, args)} ${problem}`, output, log: logFile })

  try {
    return await new Promise((resolve, reject) => {
      stop.throwIfAborted()
      const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      const stopChild = () => endGroup(child)
      stop.addEventListener('abort', stopChild, { once: true })
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
          file.write(chunk)
          output = (output + chunk).slice(-KEPT_OUTPUT)
        })
      }
      child.on('error', (error) => reject(failed(`could not be started: ${error.message}`)))
      // Settle only once it has exited: its files must not be touched while it still writes.
      child.on('close', (code, killedBy) => {
        stop.removeEventListener('abort', stopChild)
        if (signal.aborted) reject(signal.reason)
        else if (stop.aborted) reject(failed(`took longer than ${Math.round((timeLimitMs ?? 0) / 1000)} s`))
        else if (code === 0) resolve(output)
        else reject(failed(killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`))
      })
    })
  } finally {
    file.end()
  }
}

/**
 * Ends a program with all its child processes, such as the compilers of a package's installation. It leads its own
 * process group, so that a terminal's interrupt reaches it only through here.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function endGroup(child) {
  const { pid } = child
  if (pid === undefined) return
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    try {
      process.kill(-pid, signal)
    } catch {
      // All processes of the group have ended.
    }
  }
  end('SIGTERM')
  const impatience = setTimeout(() => end('SIGKILL'), GRACE_MS)
  child.once('close', () => clearTimeout(impatience))
}

/**
 * A command's name for messages: `python -m pip install`, without folders and options.
 *
 * @param {string} program
 * @param {readonly string[]} args
 */
function nameOf(program, args) {
  const options = args.findIndex((argument) => argument.startsWith('--'))
  const words = args.slice(0, options === -1 ? 3 : Math.min(options, 3))
  return [program, ...words].map((word) => path.basename(word)).join(' ')
}

/**
 * Retries work that may fail temporarily, such as downloads. The tools keep what they have fetched, so a retry
 * continues where the last attempt stopped.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @param {{ signal: AbortSignal, pausesMs?: readonly number[], onRetry: (error: unknown) => void }} options
 * @returns {Promise<T>}
 */
export async function withRetries(work, { signal, pausesMs = [1000, 4000], onRetry }) {
  for (const pause of pausesMs) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || error instanceof SetUpProblem) throw error
      onRetry(error)
      await wait(pause, undefined, { signal })
    }
  }
  return work()
}
