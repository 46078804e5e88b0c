import { InvalidArgumentError, type Command } from 'commander'
import type { CommandContext, CommonOptions } from './context'
import type { ExitCode } from './exit-codes'
import type { NodeFlags } from './open-context'

/**
 * How commands are put into the program. What is here and in `groups/` is loaded for every call, `--help` among them:
 * it imports commander and nothing else. What a command does lies in `commands/`, and is loaded when it runs.
 */

/** Where a command says how the process ends. */
export type Finish = (code: ExitCode | number) => void

export type RunCommand<Options> = (options: Options, context: CommandContext) => Promise<ExitCode | number>

export interface Group {
  readonly program: Command
  readonly finish: Finish
}

interface Described {
  /** With its arguments, as commander writes them: `run <model> [prompt...]`. */
  readonly usage: string
  readonly does: string
  /** Each with what it does: `['muster ps --json', 'the same for a program']`. */
  readonly examples: readonly (readonly [command: string, does: string])[]
}

const examplesText = (examples: Described['examples']): string => {
  const width = Math.max(...examples.map(([command]) => command.length))
  return ['', 'Examples:', ...examples.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`)].join('\n')
}

/** A command with its examples. */
export const command = (parent: Command, { usage, does, examples }: Described): Command =>
  parent.command(usage).description(does).addHelpText('after', examplesText(examples))

/** A command that talks to a running node. */
export const nodeCommand = (parent: Command, described: Described): Command =>
  command(parent, described)
    .option('--url <url>', 'the node to talk to (MUSTER_URL)')
    .option('--key <key>', 'an API key, where the node is open to the network (MUSTER_API_KEY)')
    .option('--json', 'print JSON', false)

/** Runs a command of `commands/` with what it needs. */
export const runOnNode = async <Options extends CommonOptions>(
  load: () => Promise<{ readonly run: RunCommand<Options> }>,
  { url, key, ...options }: Options & NodeFlags,
): Promise<ExitCode | number> => {
  const [{ run }, { openContext }] = await Promise.all([load(), import('./open-context')])
  // What is left of the flags is the command's own options.
  return run(
    options as unknown as Options,
    openContext({ ...(url !== undefined && { url }), ...(key !== undefined && { key }) }),
  )
}

/** An option's value that is a whole number. */
export const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.')
  return Number(text)
}

export const positive = (text: string): number => {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('It takes a whole number from 1 on.')
  return value
}

export const decimal = (text: string): number => {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It takes a number such as 0.7.')
  return Number(text)
}

export const port = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 picks a free one.')
  return value
}
