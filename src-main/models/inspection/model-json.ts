import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isShortage } from '../shortage'
import { ModelFileError, type ModelFile } from './model-files'

const TEXT_LIMIT = 64 * 1024 * 1024

const jsonOf = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch (error) {
    // Writing nested values takes stack, reading them takes none: a file may hold what cannot be written.
    if (!(error instanceof RangeError)) throw error
    return Array.isArray(value) ? '[…]' : '{…}'
  }
}

/** Formats a value for messages: as JSON, shortened. */
export const valueText = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : jsonOf(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Explains why a required file is not among those listed. */
export const missingFile = async (directory: string, name: string): Promise<string> => {
  const found = await lstat(join(directory, name)).catch(() => undefined)
  if (found?.isSymbolicLink()) return `${name} is a link to nothing that can be read; put the file itself there`
  if (found && !found.isFile()) return `${name} is missing: what has that name is no file`
  return `${name} is missing`
}

/**
 * Reads a text file of the model as UTF-8, without a byte order mark.
 *
 * @throws ModelFileError if it is missing, too large or not UTF-8; the system's error for a shortage
 */
export const readModelText = async (directory: string, files: readonly ModelFile[], name: string): Promise<string> => {
  const file = files.find((one) => one.name === name)
  if (!file) throw new ModelFileError(await missingFile(directory, name))
  if (file.size > TEXT_LIMIT)
    throw new ModelFileError(`${name} is damaged: it has ${file.size} bytes, expected at most ${TEXT_LIMIT}`)
  const bytes = await readFile(join(directory, name)).catch((error: unknown) => {
    if (isShortage(error)) throw error
    throw new ModelFileError(`${name} cannot be read: ${reasonOf(error)}`, { cause: error })
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ModelFileError(`${name} is damaged: it is not in UTF-8; save it as UTF-8, or fetch it anew`, {
      cause: error,
    })
  }
}

const STRING_OR_NUMBER_WORD = /"(?:[^"\\]|\\.)*"|-?\b(?:Infinity|NaN)\b/g
const NOT_A_NUMBER = { __float__: 'NaN' }

/** Python reads and writes `Infinity` and `NaN` in JSON, and configurations contain them. */
const asJson = (text: string): string =>
  text.replace(STRING_OR_NUMBER_WORD, (found) => {
    if (found.startsWith('"')) return found
    return found.endsWith('NaN') ? JSON.stringify(NOT_A_NUMBER) : found.replace('Infinity', '1e999')
  })

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    const python = asJson(text)
    if (python === text) throw error
    return JSON.parse(python)
  }
}

/** @throws ModelFileError if the text is not JSON */
const parseModelJson = (name: string, text: string): unknown => {
  try {
    return parse(text)
  } catch (error) {
    throw new ModelFileError(`${name} is damaged: ${reasonOf(error)}`, { cause: error })
  }
}

/**
 * Reads a JSON file of the model.
 *
 * @throws ModelFileError if it is missing, too large or not JSON
 */
export const readModelJson = async (directory: string, files: readonly ModelFile[], name: string): Promise<unknown> =>
  parseModelJson(name, await readModelText(directory, files, name))
