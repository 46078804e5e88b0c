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
    does: 'ask a model one question, or start a conversation in the terminal; downloads and loads the model if needed',
    examples: [
      ['muster run SmolLM2-135M-Instruct', 'starts a conversation'],
      ['muster run chat "What is a quorum?"', 'asks the declaration called chat once'],
      ['git diff | muster run chat "Write a commit message:"', 'appends standard input to the question'],
      ['muster run --keep mlx-community/Qwen3-4B-4bit', 'declares the model permanently'],
    ],
  })
    .option('--keep', 'declare the model permanently, so that it is not unloaded when idle', false)
    .option('--system <text>', 'system prompt')
    .option('--temperature <number>', 'sampling temperature, from 0', decimal)
    .option('--max-tokens <number>', 'limit of an answer in tokens', positive)
    .action(async (model: string, prompt: readonly string[], flags: RunFlags) =>
      finish(await runOnNode(() => import('../commands/run'), { ...flags, model, prompt })),
    )
}

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
    does: 'save a token in the node’s settings; it is read from standard input, never from an argument',
    examples: [
      ['muster hub login', 'asks for it'],
      ['muster hub login < token.txt', 'from a file'],
    ],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/hub-login'), flags)))
  nodeCommand(hub, {
    usage: 'logout',
    does: 'remove the saved token',
    examples: [['muster hub logout', 'a token from HF_TOKEN or `hf auth login` stays']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/hub-logout'), flags)))
}

/** Defines commands that ask models or manage them on disk. */
export const addModelCommands = (group: Group): void => {
  const { program, finish } = group
  addRun(group)
  nodeCommand(program, {
    usage: 'ls',
    does: 'list the models on the disks of the cluster with their sizes and machines',
    examples: [
      ['muster ls', 'a table'],
      ['muster ls --unused', 'those that no declaration and no instance uses; `muster rm --unused` deletes them'],
      ['muster ls --json', 'the same for a program'],
    ],
  })
    .option('--unused', 'only unused models in Muster’s own folders', false)
    .action(async ({ unused, ...flags }: CommonOptions & { readonly unused: boolean }) =>
      finish(
        await (unused
          ? runOnNode(() => import('../commands/ls-unused'), flags)
          : runOnNode(() => import('../commands/ls'), flags)),
      ),
    )
  nodeCommand(program, {
    usage: 'show <model>',
    does: 'show details of a model: size, layers, context, machines, declarations',
    examples: [['muster show SmolLM2-135M-Instruct', 'the owner may be omitted']],
  }).action(async (model: string, flags: CommonOptions) =>
    finish(await runOnNode(() => import('../commands/show'), { ...flags, model })),
  )
  nodeCommand(program, {
    usage: 'pull <model>',
    does: 'download a model from another machine or the hub; resumes an interrupted download',
    examples: [
      ['muster pull mlx-community/Qwen3-4B-4bit', 'to the disk of the addressed node'],
      ['muster pull mlx-community/Qwen3-4B-4bit --on studio', 'to another machine'],
      [
        'muster pull mlx-community/Qwen3-4B-4bit --pause',
        'pauses the download until it is pulled again, also across restarts',
      ],
    ],
  })
    .option('--on <machine>', 'to that machine')
    .addOption(new Option('--pause', 'pause a download').default(false).conflicts('resume'))
    .option('--resume', 'resume a paused download; fails if there is none', false)
    .action(async (model: string, flags: PullFlags) =>
      finish(await runOnNode(() => import('../commands/pull'), { ...flags, model })),
    )
  nodeCommand(program, {
    usage: 'downloads',
    does: 'list running and paused downloads of the cluster',
    examples: [['muster downloads', '']],
  }).action(async (flags: CommonOptions) => finish(await runOnNode(() => import('../commands/downloads'), flags)))
  nodeCommand(program, {
    usage: 'rm [model]',
    does: 'delete a model from the disks of the cluster, after confirmation; prints how much space that frees',
    examples: [
      ['muster rm mlx-community/Qwen3-4B-4bit', 'from all machines'],
      ['muster rm Qwen3-4B-4bit --on studio --yes', 'from one machine, without asking'],
      ['muster rm --unused', 'all models that `muster ls --unused` lists'],
    ],
  })
    .option('--on <machine>', 'only from that machine')
    .option('--unused', 'all unused models in Muster’s own folders', false)
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
