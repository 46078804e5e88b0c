import type { Argument, Command, Option } from 'commander'

/** Kinds of arguments that need a node to complete. */
export type Kind = 'declarations' | 'models' | 'machines' | 'keys'

/** Looks names up; empty if no node answers, because completion never fails. */
export type LookUp = (kind: Kind) => Promise<readonly string[]>

/** One line of printable characters; the shells quote what needs it. */
const isShown = (name: string): boolean => !/\p{Cc}|\p{Cf}/u.test(name)

const kindOf = (command: Command, argument: Argument | undefined): Kind | undefined => {
  switch (argument?.name()) {
    case 'model':
      return 'models'
    case 'machine':
      return 'machines'
    case 'name':
      return command.parent?.name() === 'key' ? 'keys' : 'declarations'
    default:
      return undefined
  }
}

/** Options whose values are names. */
const VALUES: Readonly<Record<string, Kind>> = { '--on': 'machines', '--model': 'models' }

const optionBy = (command: Command, word: string): Option | undefined =>
  command.options.find(({ long, short }) => word === long || word === short)

interface Position {
  readonly command: Command
  /** Number of arguments already given to the command. */
  readonly arguments: number
  /** The option whose value is completed next. */
  readonly valueOf: Option | undefined
}

/** The position of the next word in the command line. */
const positionAfter = (program: Command, words: readonly string[]): Position => {
  let command = program
  let given = 0
  let valueOf: Option | undefined
  for (const word of words) {
    if (valueOf) valueOf = undefined
    else if (word.startsWith('-')) {
      const option = optionBy(command, word)
      valueOf = option?.required ? option : undefined
    } else {
      const inner = command.commands.find((one) => one.name() === word)
      if (inner && given === 0) command = inner
      else given += 1
    }
  }
  return { command, arguments: given, valueOf }
}

const all = async (program: Command, words: readonly string[], partial: string, lookUp: LookUp) => {
  const { command, arguments: given, valueOf } = positionAfter(program, words)
  if (valueOf) {
    const kind = VALUES[valueOf.long ?? '']
    return valueOf.argChoices ?? (kind === undefined ? [] : lookUp(kind))
  }
  if (partial.startsWith('-')) return [...command.options.flatMap(({ long }) => long ?? []), '--help']
  const visible = command.createHelp().visibleCommands(command)
  if (visible.length > 0 && given === 0) return visible.map((one) => one.name())
  const argument = command.registeredArguments[given]
  const kind = kindOf(command, argument)
  return argument?.argChoices ?? (kind === undefined ? [] : lookUp(kind))
}

/**
 * Completions of the last word.
 *
 * @param words those after `muster`; the last one is being typed and may be empty
 */
export const candidates = async (
  program: Command,
  words: readonly string[],
  lookUp: LookUp,
): Promise<readonly string[]> => {
  const partial = words.at(-1) ?? ''
  const found = await all(program, words.slice(0, -1), partial, lookUp)
  return [...new Set(found)].filter((one) => one.startsWith(partial) && isShown(one)).sort()
}
