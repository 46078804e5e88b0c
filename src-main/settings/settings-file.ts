import { NodeSettingsChanges } from '@core/settings/node'
import { readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import { replaceFile } from '../disk/replace-file'
import { SettingsError } from './settings-error'
import { shownValue } from './shown-value'

/** The file's content, including fields of newer versions. */
export type Stored = Readonly<Record<string, unknown>>

export interface ReadSettings {
  readonly stored: Stored
  readonly settings: NodeSettingsChanges
  /** Problems in the file and what was done about them, as sentences for the user. */
  readonly warnings: readonly string[]
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** Where a damaged file is moved. The timestamp makes the name unique without a search, and tells when it happened. */
const asidePath = (path: string, now: number): string =>
  `${path}.damaged-${new Date(now).toISOString().replace(/[:.]/g, '-')}`

const parse = (text: string): Stored | undefined => {
  try {
    // Editors on Windows begin files with a byte order mark.
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text.replace(/^\ufeff/, '')))
  } catch {
    return undefined
  }
}

/** The most unknown names that a warning lists, and the most characters of each. */
const MOST_NAMES = 10
const MOST_LENGTH = 60

const nameText = (name: string): string =>
  JSON.stringify(name.length <= MOST_LENGTH ? name : `${name.slice(0, MOST_LENGTH)}…`)

/** Lists the fields that are none of this version's settings, such as misspelt ones; undefined if there are none. */
const unknownNames = (stored: Stored): string | undefined => {
  const names = Object.keys(stored).filter((name) => !Object.hasOwn(NodeSettingsChanges.shape, name))
  if (names.length === 0) return undefined
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
  return `${names.slice(0, MOST_NAMES).map(nameText).join(', ')}${more}`
}

/** Takes every valid known field, so that one bad value does not discard the others. */
const usable = (path: string, stored: Stored): { settings: NodeSettingsChanges; warnings: string[] } => {
  const good: Record<string, unknown> = {}
  const warnings: string[] = []
  for (const [name, schema] of Object.entries(NodeSettingsChanges.shape)) {
    const value = stored[name]
    if (value === undefined) continue
    const parsed = schema.safeParse(value)
    if (parsed.success) good[name] = parsed.data
    else {
      const reason = parsed.error.issues[0]?.message ?? 'not usable'
      warnings.push(`"${name}" in ${path} is ${shownValue(name, value)} (${reason}); its default is used instead.`)
    }
  }
  const unknown = unknownNames(stored)
  if (unknown !== undefined)
    warnings.push(`${path} has settings that this version does not know; they have no effect: ${unknown}.`)
  return { settings: NodeSettingsChanges.parse(good), warnings }
}

/**
 * Reads the settings file. If it is missing, defaults apply. A file that is not a JSON object is moved aside, never
 * overwritten; a single invalid value is skipped. Both give a warning that names the file.
 */
export const readSettingsFile = async (
  path: string,
  { now }: { readonly now: () => number },
): Promise<ReadSettings> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { stored: {}, settings: {}, warnings: [] }
    throw error
  }
  const stored = parse(text)
  if (stored) return { stored, ...usable(path, stored) }
  const aside = asidePath(path, now())
  await rename(path, aside)
  const warning = `${path} could not be read as JSON. It was moved to ${aside}, and all settings have their defaults again.`
  return { stored: {}, settings: {}, warnings: [warning] }
}

/**
 * Replaces the settings file atomically: after a crash it has the old content or the new, never a part.
 *
 * @throws SettingsError `settings_not_written`
 */
export const writeSettingsFile = async (path: string, stored: Stored): Promise<void> => {
  try {
    await replaceFile(path, `${JSON.stringify(stored, undefined, 2)}\n`)
  } catch (error) {
    throw new SettingsError({
      code: 'settings_not_written',
      message: `The settings could not be written to ${path}: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Check that the disk is not full and that the folder is writable. The current settings are unchanged.',
      cause: error,
    })
  }
}
