import type { CommonOptions } from '../context'
import { nodeCommand, runOnNode, type Group, type RunCommand } from '../define'
import type { NamedOptions } from '../commands/declaration-change'

type Load = () => Promise<{ readonly run: RunCommand<NamedOptions> }>

/** Commands whose only argument is a declaration. */
const NAMED: readonly (readonly [name: string, does: string, example: string, load: Load])[] = [
  ['pause', 'take a declaration out of memory and keep it', 'frees its memory', () => import('../commands/pause')],
  ['resume', 'load a paused declaration again', 'it is placed anew', () => import('../commands/resume')],
  ['restart', 'load a declaration anew', 'it ends and is placed again', () => import('../commands/restart')],
  [
    'console',
    'print what the runners of a declaration printed lately, on the node that is asked',
    'for whoever looks closer',
    () => import('../commands/console'),
  ],
  ['history', 'print what was decided about a declaration', 'the oldest first', () => import('../commands/history')],
]

/** Defines commands about declarations. */
export const addDeclarationCommands = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'ps',
    does: 'list what is declared, what of it runs where, and how fast',
    examples: [
      ['muster ps', 'a table'],
      ["muster ps --json | jq '.declarations[].status'", 'the states alone'],
    ],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/ps'), flags)))
  nodeCommand(program, {
    usage: 'stop <name>',
    does: 'end a model that was loaded on request, or remove a declaration after asking',
    examples: [
      ['muster stop tiny', 'by its model'],
      ['muster stop chat --yes', 'without asking'],
    ],
  })
    .option('-y, --yes', 'do not ask', false)
    .action(async (name: string, flags: CommonOptions & { readonly yes: boolean }) =>
      finish(await runOnNode(() => import('../commands/stop'), { ...flags, name })),
    )
  nodeCommand(program, {
    usage: 'bench <model>',
    does: 'measure how fast a declared model is: for one client, for several, and until the first token',
    examples: [
      ['muster bench chat', 'where it runs'],
      ['muster bench chat --everywhere', 'one after the other on all machines that it could run on'],
    ],
  })
    .option('--everywhere', 'also where it does not run now, in memory that is free', false)
    .action(async (model: string, flags: CommonOptions & { readonly everywhere: boolean }) =>
      finish(await runOnNode(() => import('../commands/bench'), { ...flags, model })),
    )
  for (const [verb, does, example, load] of NAMED)
    nodeCommand(program, { usage: `${verb} <name>`, does, examples: [[`muster ${verb} chat`, example]] }).action(
      async (name: string, flags: CommonOptions) => finish(await runOnNode(load, { ...flags, name })),
    )
}
