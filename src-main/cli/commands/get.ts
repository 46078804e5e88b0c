import { readFile, realpath, stat } from 'node:fs/promises'
import { declarationOf } from '@core/declarations/names'
import { toDocument } from '@core/declarations/to-document'
import { matchesLabels } from '@core/state/labels'
import { updatedText, yamlOf } from '../../declaration-files/index'
import { replaceFile } from '../../disk/replace-file'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, DONE, WRONG_USE, type ExitCode } from '../exit-codes'
import { readFiles, selectorOf } from '../files'
import { declarationBy } from '../names'

export interface GetFlags extends CommonOptions {
  readonly name?: string
  readonly output: string
  readonly selector?: string
  readonly file?: string
  readonly write: boolean
}

const wrongUse = (message: string, hint: string) => new CommandError(message, { hint, exitCode: WRONG_USE })

const checked = ({ output, file, write, name, selector }: GetFlags): void => {
  if (output !== 'yaml' && output !== 'json') throw wrongUse(`Unknown format ${output}`, 'Use yaml or json.')
  if (write && file === undefined) throw wrongUse('--write needs a file', 'Name it with -f FILE.')
  if (file !== undefined && (name !== undefined || selector !== undefined))
    throw wrongUse('-f already selects the declarations', 'Leave out the name and --selector.')
}

/** Throws CommandError for what `apply` takes too, but cannot be written back. */
const requireOneFile = async (file: string): Promise<void> => {
  const isFolder = await stat(file).then(
    (entry) => entry.isDirectory(),
    // Reading it says what is wrong.
    () => false,
  )
  if (file === '-' || isFolder) throw wrongUse(`${file} is not one file`, 'Name the file to update with -f FILE.')
}

/** Replaces the text of a user's file, and leaves its link and its permissions as they are. */
const update = async (file: string, text: string): Promise<void> => {
  const place = await realpath(file)
  const { mode } = await stat(place)
  await replaceFile(place, text, { mode: mode & 0o777 })
}

/** Prints declarations as documents, or updates a file of them in place, keeping its comments. */
export const run = async (flags: GetFlags, { api, out, err }: CommandContext): Promise<ExitCode> => {
  checked(flags)
  const { name, output, selector, file, write, json } = flags
  const state = await readState(api)
  // Models loaded on request are not declarations of the user.
  const all = Object.values(state.metaInstances).filter((one) => one.onRequest === undefined)
  const asJson = json || output === 'json'
  if (file !== undefined) {
    await requireOneFile(file)
    const current = (wanted: string) => {
      const known = declarationOf(all, wanted)
      return known && { ...toDocument(state, known), name: wanted }
    }
    const files = await readFiles([file])
    const text = await readFile(file, 'utf8')
    const updated = updatedText(text, current)
    if (!write && asJson)
      await out.json(files.flatMap(({ documents }) => documents.map((one) => current(one.name) ?? one)))
    else if (!write) await out.print(updated)
    else {
      if (updated !== text) await update(file, updated)
      await err.line(`${file}: ${updated === text ? 'unchanged' : 'updated'}`)
    }
    return DONE
  }
  const labels = selector === undefined ? undefined : selectorOf(selector)
  const meant = name === undefined ? all : [declarationBy(all, name)]
  const documents = meant
    .filter((one) => labels === undefined || matchesLabels(one.labels, labels))
    .map((one) => toDocument(state, one))
  if (asJson) await out.json(documents)
  else await out.print(yamlOf(documents))
  return DONE
}
