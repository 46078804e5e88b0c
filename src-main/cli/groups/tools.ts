import { Argument } from 'commander'
import { SHELLS, type Shell } from '../completion/names'
import { TOOLS, type Tool } from '../commands/launch-names'
import type { CommonOptions } from '../context'
import { command, nodeCommand, runOnNode, type Group } from '../define'
import { DONE } from '../exit-codes'
import { standardStreams } from '../standard-streams'

interface LaunchFlags extends CommonOptions {
  readonly model?: string
  readonly print: boolean
}

const addLaunch = ({ program, finish }: Group): void => {
  nodeCommand(program, {
    usage: 'launch',
    does: 'start a coding tool with the models of this cluster; arguments after -- are passed to it',
    examples: [
      ['muster launch claude', 'with the model that is ready'],
      ['muster launch codex --model coder -- exec "fix the test"', 'with another model, and arguments'],
      ['muster launch opencode --print', 'shows what it would set'],
    ],
  })
    .addArgument(new Argument('<tool>').choices(TOOLS))
    .argument('[args...]')
    .option('--model <model>', 'the model or declaration to use')
    .option('--print', 'print the configuration without starting the tool', false)
    .action(async (tool: Tool, args: readonly string[], flags: LaunchFlags) =>
      finish(await runOnNode(() => import('../commands/launch'), { ...flags, tool, args })),
    )
}

const addCompletion = ({ program, finish }: Group): void => {
  command(program, {
    usage: 'completion',
    does: 'print a shell completion script for commands and names',
    examples: [
      ['source <(muster completion bash)', 'in ~/.bashrc; the same with zsh in ~/.zshrc'],
      ['muster completion fish > ~/.config/fish/completions/muster.fish', 'once'],
    ],
  })
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { SCRIPTS } = await import('../completion/scripts')
      await standardStreams.out(SCRIPTS[shell])
      finish(DONE)
    })
  // Called by the shells' completion scripts.
  program.command('__complete [words...]', { hidden: true }).action(async (words: readonly string[]) => {
    const [{ candidates }, { lookUp }] = await Promise.all([
      import('../completion/candidates'),
      import('../completion/look-up'),
    ])
    await standardStreams.out((await candidates(program, words, lookUp)).map((word) => `${word}\n`).join(''))
    finish(DONE)
  })
}

/** Defines commands that connect other programs to this cluster. */
export const addToolCommands = (group: Group): void => {
  addLaunch(group)
  nodeCommand(group.program, {
    usage: 'open',
    does: 'print the address of the app, and open it in a browser',
    examples: [['muster open --print', 'only the address']],
  })
    .option('--print', 'do not open a browser', false)
    .action(async (flags: CommonOptions & { readonly print: boolean }) =>
      group.finish(await runOnNode(() => import('../commands/open'), flags)),
    )
  addCompletion(group)
}
