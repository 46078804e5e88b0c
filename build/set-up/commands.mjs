import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cache, root } from './places.mjs'
import { SetUpProblem } from './problem.mjs'

/** A program that could not be started, ran too long or said no. */
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

/** Logs are about this run of the set-up only. @type {Set<string>} */
const begunLogs = new Set()

/**
 * Runs a program to its end and returns what it printed last. All of its output is kept in
 * `.cache/set-up/<log>.log`, for whoever wants to know why it failed.
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
      // Only when it is gone: what it was writing must not be touched while it still writes.
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
 * Ends a program with everything it has started, such as the compilers of a package's installation. It
 * leads a process group of its own, so that a terminal's interrupt comes to it from here only.
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
      // All of it has ended already.
    }
  }
  end('SIGTERM')
  const impatience = setTimeout(() => end('SIGKILL'), GRACE_MS)
  child.once('close', () => clearTimeout(impatience))
}

/**
 * A command as people speak of it: `python -m pip install`, without its folders and options.
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
 * Tries again what fails now and then, such as downloads. The tools keep what they have fetched, so
 * a second attempt goes on where the first one stopped.
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
