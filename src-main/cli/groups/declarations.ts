import type { CommonOptions } from '../context'
import { nodeCommand, runOnNode, type Group } from '../define'

/** What is kept running. */
export const addDeclarationCommands = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'ps',
    does: 'list what is declared, what of it runs where, and how fast',
    examples: [
      ['muster ps', 'a table'],
      ['muster ps --json | jq .declarations[].status', 'the states alone'],
    ],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/ps'), flags)))
}
