import { basename, dirname } from 'node:path'
import { RUNNER_PROTOCOL, type RunnerEvent } from '@core/protocols/runner'
import { removeBelow } from '../../disk/removal'
import { readEvents } from '../process/event-reader'
import { CommandWriter } from '../process/command-writer'
import { openPipesOf } from '../process/pipes'
import type { RunnerProcess, RunnerProcessHandlers } from '../process/runner-process'
import { consoleFile } from './console-file'
import type { HandoverRecord } from './record'

/** A runner answers at once, unless the token is wrong or it hangs. */
const ANSWER_WITHIN_MS = 5000

/** Attaches the runner to its new supervisor; called once. */
export type Attach = (handlers: RunnerProcessHandlers) => RunnerProcess

/**
 * Connects to a running runner. Rejects if it is gone or not the one of the record; its pipes are then left in place.
 */
export const adoptRunner = async (directory: string, record: HandoverRecord): Promise<Attach> => {
  const pipes = openPipesOf(directory)
  let handlers: RunnerProcessHandlers | undefined
  const early: RunnerEvent[] = []
  let killed = false
  let over = false
  const answered = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it does not answer')), ANSWER_WITHIN_MS)
    const settle = (problem?: string): void => {
      clearTimeout(timer)
      if (problem === undefined) resolve()
      else reject(new Error(problem))
    }
    readEvents(pipes.events, {
      event: (event) => {
        if (event.type === 'hello') {
          const isIt = event.runnerId === record.runnerId && event.pid === record.pid
          settle(isIt ? undefined : 'another runner answered')
        } else if (handlers && early.length === 0) handlers.event(event)
        else early.push(event)
      },
      broken: (reason) => (handlers ? handlers.broken(reason) : settle(reason)),
    })
    pipes.events.once('close', () => {
      over = true
      settle('it has ended')
      // Its exit status went to its parent, which is gone.
      handlers?.exit({ code: undefined, signal: killed ? 'SIGKILL' : undefined })
    })
  })
  const { token } = record
  const commands = new CommandWriter(pipes.commands, (event) => handlers?.event(event))
  commands.send({ type: 'adopt', protocol: RUNNER_PROTOCOL, token, supervisor: process.pid })
  try {
    await answered
  } catch (error) {
    pipes.leave()
    throw error
  }
  return (given) => {
    handlers = given
    // As after a start: no callback is called before the caller has the process.
    setImmediate(() => {
      for (const event of early.splice(0)) given.event(event)
      if (over) given.exit({ code: undefined, signal: undefined })
    })
    return {
      pid: record.pid,
      console: consoleFile(directory),
      directory,
      send: (command) => commands.send(command),
      answer: () => undefined,
      kill: () => {
        if (over) return
        killed = true
        try {
          process.kill(record.pid, 'SIGKILL')
        } catch {
          // It has ended; its pipe reports that.
        }
      },
      leave: () => {
        handlers = undefined
        pipes.leave()
      },
      release: () => {
        handlers = undefined
        pipes.leave()
        return removeBelow(dirname(directory), [basename(directory)])
      },
    }
  }
}
