import { CommandError, WRONG_USE } from '../exit-codes'
import type { Output } from './output'

/** The user's terminal. */
export interface Terminal {
  /** Whether the user can be asked: standard input and standard error are both terminals. */
  readonly interactive: boolean
  /** Asks for confirmation. Throws CommandError if there is no terminal to ask at. */
  confirm(question: string): Promise<boolean>
}

export const processTerminal = (err: Output): Terminal => {
  const interactive = process.stdin.isTTY && err.isTerminal
  return {
    interactive,
    confirm: async (question) => {
      if (!interactive)
        throw new CommandError('This asks before it does anything, and nobody can be asked here', {
          hint: 'Give --yes if you are sure.',
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
