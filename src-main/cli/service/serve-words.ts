import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { CommandError, WRONG_USE } from '../exit-codes'
import { wrongUseOf } from '../failure'
import { withServeOptions, type ServeFlags } from '../groups/serve-options'
import { checkedValues } from '../serve-values'

/** Options of `muster serve` whose values are paths. */
const FOLDERS = ['--data-dir', '--declarations']

const nothing = (): void => undefined

/** Throws CommandError if `muster serve` would refuse these words. */
const check = (words: readonly string[]): void => {
  const serve = withServeOptions(new Command('serve'))
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeOut: nothing, writeErr: nothing })
  try {
    serve.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const { message, hint } = wrongUseOf(error)
    throw new CommandError(`muster serve: ${message}`, { hint, exitCode: WRONG_USE, cause: error })
  }
  checkedValues(serve.opts<ServeFlags>())
}

/**
 * The words for `muster serve` in a service, which the system starts in another folder: paths are absolute. Throws
 * CommandError for words that `muster serve` would refuse, because the system would start such a service for ever.
 *
 * @param from the folder to which relative paths refer
 */
export const serveWords = (given: readonly string[], from: string): string[] => {
  check(given)
  return given.map((word, at) => {
    if (FOLDERS.includes(given[at - 1] ?? '')) return resolve(from, word)
    const option = FOLDERS.find((name) => word.startsWith(`${name}=`))
    return option === undefined ? word : `${option}=${resolve(from, word.slice(option.length + 1))}`
  })
}
