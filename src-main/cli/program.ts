import { Command, CommanderError, Help } from 'commander'
import { version } from '../version'
import type { Finish } from './define'
import { DONE, WRONG_USE } from './exit-codes'
import { failureCode, failureJson, failureOf, failureText, isClosedPipe, wrongUseOf, type Failure } from './failure'
import { addClusterCommands } from './groups/cluster'
import { addDeclarationCommands } from './groups/declarations'
import { addFileCommands } from './groups/files'
import { addModelCommands } from './groups/models'
import { addNodeCommands } from './groups/node'
import { addToolCommands } from './groups/tools'

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong use, 3 no node answers, 4 not found.
\`muster COMMAND --help\` has examples. NO_COLOR is respected.`

const help = new Help()

interface ProgramOptions {
  /** Leaves printing of wrong use to the caller. */
  readonly quiet?: boolean
}

/** Builds the program with all its commands. */
export const buildProgram = (finish: Finish, { quiet = false }: ProgramOptions = {}): Command => {
  const program = new Command('muster')
    .description('Turns the machines you own into one local LLM service.')
    .version(version)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput(quiet ? { writeErr: () => undefined } : {})
    .configureHelp({
      // Keeps descriptions beside the names on narrow terminals too.
      minWidthToWrap: 20,
      // Flags without a value default to off: omit `(default: false)`.
      optionDescription: (option) => help.optionDescription(option).replace(' (default: false)', ''),
    })
  const group = { program, finish }
  program.commandsGroup('Models:')
  addModelCommands(group)
  program.commandsGroup('Declarations:')
  addDeclarationCommands(group)
  program.commandsGroup('Declaration files:')
  addFileCommands(group)
  program.commandsGroup('The cluster:')
  addClusterCommands(group)
  program.commandsGroup('Other programs:')
  addToolCommands(group)
  program.commandsGroup('Nodes:')
  addNodeCommands(group)
  return program
}

/** Whether errors are to be JSON too. Read before the options are parsed, because that may be what fails. */
const wantsJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

/** Runs the command line. Exit codes: see exit-codes.ts. */
export const run = async (argv: readonly string[]): Promise<number> => {
  let code: number = DONE
  const json = wantsJson(argv)
  const tell = (failure: Failure): void =>
    void process.stderr.write(`${json ? failureJson(failure) : failureText(failure)}\n`)
  const program = buildProgram(
    (result) => {
      code = result
    },
    { quiet: json },
  )
  // Otherwise a closed pipe would crash the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are no errors; others were printed as text already.
      if (error.exitCode === 0) return DONE
      if (json) tell(wrongUseOf(error))
      return WRONG_USE
    }
    if (isClosedPipe(error)) return DONE
    tell(failureOf(error))
    return failureCode(error)
  }
}
