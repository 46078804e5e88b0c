import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { CommandError, WRONG_USE } from '../exit-codes'
import type { Output } from './output'

/** The user's terminal. */
export interface Terminal {
  /** Whether the user can be asked: standard input and standard error are both terminals. */
  readonly interactive: boolean
  /** Asks for confirmation. Throws CommandError if there is no terminal to ask at. */
  confirm(question: string): Promise<boolean>
  /** Reads a secret: a line that is not echoed, or all of standard input if it is not a terminal. */
  secret(question: string): Promise<string>
}

export const processTerminal = (err: Output): Terminal => {
  const interactive = process.stdin.isTTY && err.isTerminal
  return {
    interactive,
    secret: async (question) => {
      const { stdin } = process
      if (!stdin.isTTY) return (await text(stdin)).trim()
      const { createInterface } = await import('node:readline/promises')
      await err.print(question)
      // Without an output nothing is echoed; in raw mode the terminal does not echo either.
      const lines = createInterface({
        input: stdin,
        output: new Writable({ write: (_, __, done) => done() }),
        terminal: true,
      })
      // Ctrl-C and Ctrl-D count as an empty answer.
      const ended = new AbortController()
      lines.once('SIGINT', () => ended.abort())
      lines.once('close', () => ended.abort())
      try {
        return (await lines.question('', { signal: ended.signal })).trim()
      } catch (error) {
        if (ended.signal.aborted) return ''
        throw error
      } finally {
        lines.close()
        await err.print('\n')
      }
    },
    confirm: async (question) => {
      if (!interactive)
        throw new CommandError('This command asks for confirmation, which needs a terminal', {
          hint: 'Add --yes to skip the confirmation.',
          exitCode: WRONG_USE,
        })
      const { createInterface } = await import('node:readline/promises')
      await err.print(`${question} [y/N] `)
      const lines = createInterface({ input: process.stdin, terminal: false })
      try {
        for await (const line of lines) return /^y(es)?$/i.test(line.trim())
        return false
      } finally {
        lines.close()
      }
    },
  }
}
