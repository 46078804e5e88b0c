import { Option, type Command } from 'commander'
import type { CommonOptions } from '../context'
import { command, decimal, nodeCommand, positive, runOnNode, type Group } from '../define'

interface RunFlags extends CommonOptions {
  readonly keep: boolean
  readonly system?: string
  readonly temperature?: number
  readonly maxTokens?: number
}

const addRun = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'run <model> [prompt...]',
    does: 'ask a model: one question, or a conversation in the terminal; it is fetched and loaded as needed',
    examples: [
      ['muster run SmolLM2-135M-Instruct', 'begins a conversation'],
      ['muster run chat "What is a quorum?"', 'asks the declaration called chat once'],
      ['git diff | muster run chat "Write a commit message:"', 'puts standard input behind the question'],
      ['muster run --keep mlx-community/Qwen3-4B-4bit', 'declares it, so that it stays'],
    ],
  })
    .option('--keep', 'declare it, so that it does not end by idling', false)
    .option('--system <text>', 'what the model is told before the first question')
    .option('--temperature <number>', 'how freely it chooses its words, from 0', decimal)
    .option('--max-tokens <number>', 'how long an answer may be', positive)
    .action(async (model: string, prompt: readonly string[], flags: RunFlags) =>
      finish(await runOnNode(() => import('../commands/run'), { ...flags, model, prompt })),
    )
}

/** Defines commands that ask models or manage them on disk. */
interface RmFlags extends CommonOptions {
  readonly on?: string
  readonly unused: boolean
  readonly yes: boolean
}

interface PullFlags extends CommonOptions {
  readonly on?: string
  readonly pause: boolean
  readonly resume: boolean
}

const addHub = ({ program, finish }: Group): void => {
  const hub = command(program, {
    usage: 'hub',
    does: 'save a token of your account at the model hub, for private and gated models',
    examples: [['muster hub login', 'asks for the token']],
  })
  nodeCommand(hub, {
    usage: 'login',
    does: 'save a token on the node that is asked; it is read from standard input, never from an argument',
    examples: [
      ['muster hub login', 'asks for it'],
      ['muster hub login < token.txt', 'from a file'],
    ],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/hub-login'), flags)))
  nodeCommand(hub, {
    usage: 'logout',
    does: 'remove the saved token',
    examples: [['muster hub logout', 'what HF_TOKEN or `hf auth login` gave stays']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/hub-logout'), flags)))
}

export const addModelCommands = (group: Group): void => {
  const { program, finish } = group
  addRun(group)
  nodeCommand(program, {
    usage: 'ls',
    does: 'list the models on the disks of the cluster, with their sizes and where they are',
    examples: [
      ['muster ls', 'a table'],
      ['muster ls --unused', 'those that no declaration and no instance uses; `muster rm --unused` deletes them'],
      ['muster ls --json', 'the same for a program'],
    ],
  })
    .option('--unused', 'only what nothing uses, in Muster’s own folders', false)
    .action(async ({ unused, ...flags }: CommonOptions & { readonly unused: boolean }) =>
      finish(
        await (unused
          ? runOnNode(() => import('../commands/ls-unused'), flags)
          : runOnNode(() => import('../commands/ls'), flags)),
      ),
    )
  nodeCommand(program, {
    usage: 'show <model>',
    does: 'show what is known of a model: size, layers, context, where it is, how it is declared',
    examples: [['muster show SmolLM2-135M-Instruct', 'the owner may be left away']],
  }).action(async (model: string, flags: CommonOptions) =>
    finish(await runOnNode(() => import('../commands/show'), { ...flags, model })),
  )
  nodeCommand(program, {
    usage: 'pull <model>',
    does: 'bring a model to a disk, from another machine or the hub; goes on where it was cut off',
    examples: [
      ['muster pull mlx-community/Qwen3-4B-4bit', 'to the node that is asked'],
      ['muster pull mlx-community/Qwen3-4B-4bit --on studio', 'to another machine'],
      ['muster pull mlx-community/Qwen3-4B-4bit --pause', 'until somebody pulls it again, also after a restart'],
    ],
  })
    .option('--on <machine>', 'to that machine')
    .addOption(new Option('--pause', 'have a download stand still').default(false).conflicts('resume'))
    .option('--resume', 'go on with a paused download, and fail where there is none', false)
    .action(async (model: string, flags: PullFlags) =>
      finish(await runOnNode(() => import('../commands/pull'), { ...flags, model })),
    )
  nodeCommand(program, {
    usage: 'downloads',
    does: 'list what is on its way to the disks of the cluster, and what is paused',
    examples: [['muster downloads', '']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/downloads'), flags)))
  nodeCommand(program, {
    usage: 'rm [model]',
    does: 'delete a model from the disks of the cluster, after asking; says how much that frees',
    examples: [
      ['muster rm mlx-community/Qwen3-4B-4bit', 'from all machines'],
      ['muster rm Qwen3-4B-4bit --on studio --yes', 'from one, without asking'],
      ['muster rm --unused', 'all that `muster ls --unused` lists'],
    ],
  })
    .option('--on <machine>', 'from that machine alone')
    .option('--unused', 'all models in Muster’s own folders that nothing uses', false)
    .option('-y, --yes', 'do not ask', false)
    .action(async (model: string | undefined, { unused, on, ...flags }: RmFlags, self: Command) => {
      if (unused === (model !== undefined) || (unused && on !== undefined))
        self.error("error: give either a model, with '--on' where one machine is meant, or '--unused' alone")
      finish(
        await (model === undefined
          ? runOnNode(() => import('../commands/rm-unused'), flags)
          : runOnNode(() => import('../commands/rm'), { ...flags, on, model })),
      )
    })
  addHub(group)
}
