import { isMap, isNode, isScalar, LineCounter, parseAllDocuments, type Document } from 'yaml'
import type { z } from 'zod'
import { DeclarationDocument } from '@core/declarations/document'
import { HoursDocument } from '@core/schedules/hours'

/** Lines and columns count from 1. */
interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A problem in a file and its position. */
export interface FileFault extends Position {
  readonly message: string
}

export interface ParsedFile {
  readonly documents: readonly DeclarationDocument[]
  /** Where the name of each document stands; in the order of `documents`. */
  readonly names: readonly Position[]
  /** In the order of their positions. */
  readonly faults: readonly FileFault[]
}

const TOO_DEEP = 'lists and maps are nested too deeply here, far beyond what a declaration has'

type Issue = z.core.$ZodIssue

const FIELDS = Object.keys(DeclarationDocument.shape)
const HOURS_FIELDS = Object.keys(HoursDocument.shape)

/** Offset of a field: of its value, or of its name if the field is unknown. */
const offsetOf = (document: Document, path: readonly PropertyKey[], key?: string): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (key !== undefined && length === path.length && isMap(node)) {
      const pair = node.items.find(({ key: name }) => isScalar(name) && String(name.value) === key)
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0]
    }
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

/** The field that was probably meant, ignoring case and separators: `maxContext` for `maxcontext` and `max_context`. */
const nearest = (key: string, fields: readonly string[]): string | undefined => {
  const flat = (name: string) => name.replaceAll(/[^a-z0-9]/gi, '').toLowerCase()
  return fields.find((field) => flat(field) === flat(key))
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((part, key) => (part instanceof Object ? Reflect.get(part, key) : undefined), value)

const faultsOf = (issue: Issue, value: unknown): { path: readonly PropertyKey[]; key?: string; message: string }[] => {
  const { path } = issue
  const field = path.map(String).join('.')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const [whole, fields] = path[0] === 'hours' ? ['hours', HOURS_FIELDS] : ['a declaration', FIELDS]
      const meant = nearest(key, fields)
      const hint = meant === undefined ? `there are ${fields.join(', ')}` : `did you mean ${meant}?`
      return { path, key, message: `${key} is not a field of ${whole}: ${hint}` }
    })
  if (path.length > 0 && issue.code === 'invalid_type' && valueAt(value, path) === undefined)
    return [{ path, message: `${field} is missing` }]
  return [
    { path, message: field === '' ? 'A declaration is a map with name and modelId' : `${field}: ${issue.message}` },
  ]
}

interface Declared {
  readonly one: unknown
  /** Its place within the document. */
  readonly within: readonly PropertyKey[]
}

/** The declarations of a document: itself, or each entry of a list, as `muster get --json` prints it. */
const declaredIn = (value: unknown): readonly Declared[] => {
  if (Array.isArray(value)) return value.map((one: unknown, at) => ({ one, within: [at] }))
  return value === null ? [] : [{ one: value, within: [] }]
}

/**
 * Parses declarations in YAML or JSON, one or several documents separated by `---`, or lists of them. Reports every fault with its
 * position. Valid documents are returned beside the faults, but a file with faults must not be applied.
 */
export const parseDeclarations = (text: string, file: string): ParsedFile => {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const at = (offset: number, message: string): FileFault => ({ ...place(offset), message })
  const documents: DeclarationDocument[] = []
  const names: Position[] = []
  const faults: FileFault[] = []
  for (const document of 'empty' in parsed ? [] : parsed) {
    const broken = [...document.errors, ...document.warnings]
    // The parser reports a stack overflow under this code, and then what it has not understood because of it.
    const tooDeep = broken.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
    if (tooDeep) faults.push(at(tooDeep.pos[0], TOO_DEEP))
    else faults.push(...broken.map(({ pos, message }) => at(pos[0], message)))
    if (broken.length > 0) continue
    try {
      const value: unknown = document.toJS({ maxAliasCount: 100 })
      for (const { one, within } of declaredIn(value)) {
        const result = DeclarationDocument.safeParse(one)
        if (result.success) {
          documents.push(result.data)
          names.push(place(offsetOf(document, [...within, 'name'])))
        } else
          for (const issue of result.error.issues)
            for (const { path, key, message } of faultsOf(issue, one))
              faults.push(at(offsetOf(document, [...within, ...path], key), message))
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      faults.push(at(0, error instanceof RangeError ? TOO_DEEP : message))
    }
  }
  return { documents, names, faults: faults.sort((a, b) => a.line - b.line || a.column - b.column) }
}
