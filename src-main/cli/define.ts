import { InvalidArgumentError, type Command } from 'commander'
import type { CommandContext, CommonOptions } from './context'
import type { ExitCode } from './exit-codes'
import type { NodeFlags } from './open-context'

/**
 * Defines commands. This file and `groups/` load on every call, including `--help`, so they import commander and
 * nothing else. Implementations are in `commands/` and load when a command runs.
 */

/** Sets the exit code of the process. */
export type Finish = (code: ExitCode | number) => void

export type RunCommand<Options> = (options: Options, context: CommandContext) => Promise<ExitCode | number>

export interface Group {
  readonly program: Command
  readonly finish: Finish
}

interface Described {
  /** Name and arguments in commander's syntax: `run <model> [prompt...]`. */
  readonly usage: string
  readonly does: string
  /** Pairs of command and description: `['muster ps --json', 'the same for a program']`. */
  readonly examples: readonly (readonly [command: string, does: string])[]
}

const examplesText = (examples: Described['examples']): string => {
  const width = Math.max(...examples.map(([command]) => command.length))
  return ['', 'Examples:', ...examples.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`)].join('\n')
}

/** Defines a command with its examples. */
export const command = (parent: Command, { usage, does, examples }: Described): Command =>
  parent.command(usage).description(does).addHelpText('after', examplesText(examples))

/** Defines a command that talks to a running node. */
export const nodeCommand = (parent: Command, described: Described): Command =>
  command(parent, described)
    .option('--url <url>', 'address of the node (MUSTER_URL)')
    .option('--key <key>', 'an API key, if the node is open to the network (MUSTER_API_KEY)')
    .option('--json', 'print JSON', false)

/** Loads a command from `commands/` and runs it with its context. */
export const runOnNode = async <Options extends CommonOptions>(
  load: () => Promise<{ readonly run: RunCommand<Options> }>,
  { url, key, ...options }: Options & NodeFlags,
): Promise<ExitCode | number> => {
  const [{ run }, { openContext }] = await Promise.all([load(), import('./open-context')])
  // The remaining flags are the command's own options.
  return run(
    options as unknown as Options,
    openContext({ ...(url !== undefined && { url }), ...(key !== undefined && { key }) }),
  )
}

/** Parses a whole number. */
export const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}

export const positive = (text: string): number => {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('Expected a whole number, at least 1.')
  return value
}

export const decimal = (text: string): number => {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Expected a number such as 0.7.')
  return Number(text)
}

export const folder = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('Expected the path of a folder.')
  return text
}

export const port = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 picks a free one.')
  return value
}
