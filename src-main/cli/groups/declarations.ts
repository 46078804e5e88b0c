import type { CommonOptions } from '../context'
import { nodeCommand, runOnNode, type Group, type RunCommand } from '../define'
import type { NamedOptions } from '../commands/declaration-change'

type Load = () => Promise<{ readonly run: RunCommand<NamedOptions> }>

/** Commands whose only argument is a declaration. */
const NAMED: readonly (readonly [name: string, does: string, example: string, load: Load])[] = [
  [
    'pause',
    'unload a declaration’s model and keep the declaration',
    'frees its memory',
    () => import('../commands/pause'),
  ],
  ['resume', 'load a paused declaration again', 'it is placed again', () => import('../commands/resume')],
  ['restart', 'reload a declaration', 'unloads it and places it again', () => import('../commands/restart')],
  [
    'console',
    'print recent output of a declaration’s runners on the addressed node',
    'for troubleshooting',
    () => import('../commands/console'),
  ],
  ['history', 'print the decisions about a declaration', 'oldest first', () => import('../commands/history')],
]

/** Defines commands about declarations. */
export const addDeclarationCommands = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'ps',
    does: 'list the declarations with status, machines and speed',
    examples: [
      ['muster ps', 'a table'],
      ["muster ps --json | jq '.declarations[].status'", 'only the statuses'],
    ],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/ps'), flags)))
  nodeCommand(program, {
    usage: 'stop <name>',
    does: 'unload a model that was loaded on request, or remove a declaration after confirmation',
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
    does: 'measure a declared model: speed for one client and for several, and time to first token',
    examples: [
      ['muster bench chat', 'where it runs'],
      ['muster bench chat --everywhere', 'at all possible placements, one after another'],
    ],
  })
    .option('--everywhere', 'also at other placements, using free memory', false)
    .action(async (model: string, flags: CommonOptions & { readonly everywhere: boolean }) =>
      finish(await runOnNode(() => import('../commands/bench'), { ...flags, model })),
    )
  for (const [verb, does, example, load] of NAMED)
    nodeCommand(program, { usage: `${verb} <name>`, does, examples: [[`muster ${verb} chat`, example]] }).action(
      async (name: string, flags: CommonOptions) => finish(await runOnNode(load, { ...flags, name })),
    )
}
