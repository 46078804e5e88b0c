import { CommandError, WRONG_USE } from '../exit-codes'
import type { Output } from './output'

/** Whoever sits at the terminal, if anybody does. */
export interface Terminal {
  /** Somebody can be asked: both standard input and standard error are a terminal. */
  readonly interactive: boolean
  /** Asks for a yes. Throws CommandError where nobody can be asked. */
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
