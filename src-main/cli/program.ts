import { Command, CommanderError, Help } from 'commander'
import { version } from '../version'
import type { Finish } from './define'
import { DONE, WRONG_USE } from './exit-codes'
import { failureCode, failureText, isClosedPipe } from './failure'
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

/** Builds the program with all its commands. */
export const buildProgram = (finish: Finish): Command => {
  const program = new Command('muster')
    .description('Turns the machines you own into one local LLM service.')
    .version(version)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
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

/** Runs the command line. Exit codes: see exit-codes.ts. */
export const run = async (argv: readonly string[]): Promise<number> => {
  let code: number = DONE
  const program = buildProgram((result) => {
    code = result
  })
  // Otherwise a closed pipe would crash the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // Commander has printed its message already; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USE
    if (isClosedPipe(error)) return DONE
    process.stderr.write(`${failureText(error)}\n`)
    return failureCode(error)
  }
}
