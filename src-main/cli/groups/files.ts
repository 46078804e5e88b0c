import { Option } from 'commander'
import type { CommonOptions } from '../context'
import { nodeCommand, positive, runOnNode, type Group } from '../define'

interface FileFlags extends CommonOptions {
  readonly file: readonly string[]
}

interface ApplyFlags extends FileFlags {
  readonly prune: boolean
  readonly selector?: string
  readonly dryRun: boolean
}

interface WaitFlags extends CommonOptions {
  readonly file?: readonly string[]
  readonly for: 'ready' | 'deleted'
  readonly timeout: number
}

const FILE = '-f, --file <file...>'
const FILES = 'files, folders of them, or - for standard input'
const SELECTOR = '-l, --selector <labels>'
const JUST = 'labels, as team=a,stage=test'

const addChanges = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'apply',
    does: 'apply declaration files, each completely or not at all',
    examples: [
      ['muster apply -f models.yaml', 'one file'],
      [
        'muster apply -f models/ --prune -l team=a',
        'a folder; removes declarations with the label that are in no file',
      ],
    ],
  })
    .requiredOption(FILE, FILES)
    .option('--prune', 'remove declarations with the labels that are in no file', false)
    .option(SELECTOR, `for --prune: ${JUST}`)
    .option('--dry-run', 'only show what would change', false)
    .action(async (flags: ApplyFlags) => finish(await runOnNode(() => import('../commands/apply'), flags)))
  nodeCommand(program, {
    usage: 'diff',
    does: 'print what apply would change; exits with 0 if nothing, 1 if something, more on an error',
    examples: [['muster diff -f models/', 'before muster apply -f models/']],
  })
    .requiredOption(FILE, FILES)
    .option('--prune', 'include what --prune would remove', false)
    .option(SELECTOR, `for --prune: ${JUST}`)
    .action(async (flags: Omit<ApplyFlags, 'dryRun'>) =>
      finish(await runOnNode(() => import('../commands/diff'), flags)),
    )
  nodeCommand(program, {
    usage: 'delete',
    does: 'remove the declarations in files, after confirmation',
    examples: [['muster delete -f models.yaml --yes', 'without asking']],
  })
    .requiredOption(FILE, FILES)
    .option('-y, --yes', 'do not ask', false)
    .option('--dry-run', 'only show what would be removed', false)
    .action(async (flags: FileFlags & { readonly yes: boolean; readonly dryRun: boolean }) =>
      finish(await runOnNode(() => import('../commands/delete-files'), flags)),
    )
}

/** Defines commands about declaration files. */
export const addFileCommands = (group: Group): void => {
  const { program, finish } = group
  addChanges(group)
  nodeCommand(program, {
    usage: 'get [name]',
    does: 'print declarations in the format of files',
    examples: [
      ['muster get > models.yaml', 'all of them, in YAML'],
      ['muster get -f models.yaml --write', 'updates a file; its comments stay'],
    ],
  })
    .addOption(new Option('-o, --output <form>', 'output format').choices(['yaml', 'json']).default('yaml'))
    .option(SELECTOR, `only those with ${JUST}`)
    .option('-f, --file <file>', 'the file to update')
    .option('--write', 'write that file instead of printing it', false)
    .action(
      async (
        name: string | undefined,
        flags: CommonOptions & { output: string; selector?: string; file?: string; write: boolean },
      ) => finish(await runOnNode(() => import('../commands/get'), { ...flags, ...(name !== undefined && { name }) })),
    )
  nodeCommand(program, {
    usage: 'wait [name...]',
    does: 'wait until declarations are ready, or deleted',
    examples: [
      ['muster wait chat --timeout 300', 'at most five minutes'],
      ['muster wait -f models/ --for deleted', 'all declarations in the files'],
    ],
  })
    .option(FILE, FILES)
    .addOption(new Option('--for <state>', 'what to wait for').choices(['ready', 'deleted']).default('ready'))
    .option('--timeout <seconds>', 'maximum time to wait', positive, 600)
    .action(async (names: string[], flags: WaitFlags) =>
      finish(await runOnNode(() => import('../commands/wait'), { ...flags, names })),
    )
}
