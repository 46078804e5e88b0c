import { open, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { nameKey } from '@core/declarations/names'
import { faultText } from '@core/state/declaration-faults'
import { parseDeclarations, type FileFault, type ParsedFile } from './parse'

export interface DeclarationFile extends ParsedFile {
  readonly file: string
}

/** Size limit of a file; a thousand declarations take far less. */
const MAX_BYTES = 4 * 1024 * 1024
const SUFFIX = /\.(ya?ml|json)$/i

/** A declaration file cannot be read, or has faults. */
export class DeclarationFileError extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
    this.name = 'DeclarationFileError'
  }
}

/** Says why a file or folder cannot be read: `cannot be read (ENOENT)`. */
export const whyUnreadable = (error: unknown): string =>
  `cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`

const fault = (file: string, message: string): FileFault => ({ file, line: 1, column: 1, message })

const readText = async (file: string): Promise<string | FileFault> => {
  try {
    const handle = await open(file)
    try {
      const { size } = await handle.stat()
      if (size > MAX_BYTES) return fault(file, `has ${size} bytes; the limit of a declaration file is ${MAX_BYTES}`)
      return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile())
    } finally {
      await handle.close()
    }
  } catch (error) {
    return fault(file, error instanceof TypeError ? 'is not UTF-8' : whyUnreadable(error))
  }
}

/** Reads one file's declarations and faults. Never throws. */
const readDeclarationFile = async (file: string): Promise<DeclarationFile> => {
  const text = await readText(file)
  return typeof text === 'string'
    ? { file, ...parseDeclarations(text, file) }
    : { file, documents: [], names: [], faults: [text] }
}

/** Adds a fault for each declaration whose name an earlier one has, in the same file or in an earlier one. */
export const withDuplicateFaults = (files: readonly DeclarationFile[]): DeclarationFile[] => {
  const first = new Map<string, string>()
  return files.map((one) => {
    const twice = one.documents.flatMap(({ name }, at) => {
      const place = one.names[at] ?? { file: one.file, line: 1, column: 1 }
      const earlier = first.get(nameKey(name))
      if (earlier === undefined) first.set(nameKey(name), `${place.file}:${place.line}`)
      return earlier === undefined ? [] : [{ ...place, message: `${name} is declared in ${earlier} too` }]
    })
    return { ...one, faults: [...one.faults, ...twice] }
  })
}

/** Reads files. Never throws. */
export const readEach = (files: readonly string[]): Promise<DeclarationFile[]> =>
  Promise.all(files.map(readDeclarationFile))

/** Reads files and reports names that are declared twice in them. Never throws. */
export const readDeclarationFiles = async (files: readonly string[]): Promise<DeclarationFile[]> =>
  withDuplicateFaults(await readEach(files))

/**
 * Lists the YAML and JSON files of a folder recursively, sorted by name, without hidden ones. Links are followed: mounted
 * configurations and managers of dotfiles consist of them. What several paths lead to is listed once. A link that leads
 * nowhere is listed whatever its name, because it may have led to a folder, on a disk that is not mounted now: reading it
 * says so, while a file that is missing counts as deleted.
 */
export const declarationFilesIn = async (folder: string, seen: Set<string> = new Set()): Promise<string[]> => {
  const isNew = async (full: string): Promise<boolean> => {
    // What has just been removed is new: reading it says so.
    const place = await realpath(full).catch(() => full)
    const { size } = seen
    return seen.add(place).size > size
  }
  if (!(await isNew(folder))) return []
  const entries = await readdir(folder, { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(folder, entry.name)
    if (entry.name.startsWith('.')) continue
    const what = entry.isSymbolicLink() ? await stat(full).catch(() => undefined) : entry
    if (what?.isDirectory()) found.push(...(await declarationFilesIn(full, seen)))
    else if (what === undefined) found.push(full)
    else if (what.isFile() && SUFFIX.test(entry.name) && (await isNew(full))) found.push(full)
  }
  return found
}

/**
 * Resolves a path given by the user to files: the file itself, or all declaration files of a folder. Throws
 * DeclarationFileError if there is none.
 */
export const declarationFilesAt = async (where: string): Promise<string[]> => {
  const unreadable = (error: unknown): never => {
    const place = error instanceof Error && 'path' in error ? String(error.path) : where
    throw new DeclarationFileError(`${place} ${whyUnreadable(error)}`, 'Name an existing file or folder.')
  }
  const about = await stat(where).catch(unreadable)
  if (!about.isDirectory()) return [where]
  const files = await declarationFilesIn(where).catch(unreadable)
  if (files.length === 0)
    throw new DeclarationFileError(`${where} contains no declaration files`, 'Their names end in .yaml, .yml or .json.')
  return files
}

/** Returns the files, or throws DeclarationFileError with all their faults. */
export const requireNoFaults = (files: readonly DeclarationFile[]): readonly DeclarationFile[] => {
  const faults = files.flatMap((file) => file.faults)
  if (faults.length > 0)
    throw new DeclarationFileError(
      faults.map(faultText).join('\n'),
      'Nothing was changed. Correct the file and try again.',
    )
  return files
}
