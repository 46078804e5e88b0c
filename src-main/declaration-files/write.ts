import { isMap, isScalar, isSeq, parseAllDocuments, stringify, type Document, type YAMLMap } from 'yaml'
import type { WrittenDocument } from '@core/declarations/to-document'

/** Writes declarations, or some of their fields, as YAML with one document each. */
export const yamlOf = (documents: readonly Partial<WrittenDocument>[]): string =>
  documents.map((document) => stringify(document)).join('---\n')

const update = (document: Document, map: YAMLMap, written: WrittenDocument): void => {
  const known = map.toJS(document) as Record<string, unknown>
  for (const field of Object.keys(known)) if (!(field in written)) map.delete(field)
  for (const [field, value] of Object.entries(written)) {
    if (JSON.stringify(known[field]) === JSON.stringify(value)) continue
    const node: unknown = map.get(field, true)
    // Set on the existing node, because the comment after a value belongs to it.
    if (isScalar(node) && typeof value !== 'object') node.value = value
    else map.set(field, document.createNode(value))
  }
}

/** The declarations of a document: itself, or the entries of a list. */
const mapsIn = ({ contents }: Document): YAMLMap[] =>
  (isSeq(contents) ? contents.items : [contents]).filter((node) => isMap(node))

/**
 * Updates a file's text to the current declarations. Comments, order and formatting stay, and equal values are
 * untouched; a document without a declaration of its name stays as it is.
 */
export const updatedYaml = (text: string, byName: (name: string) => WrittenDocument | undefined): string => {
  const parsed = parseAllDocuments(text)
  if ('empty' in parsed) return text
  for (const document of parsed) {
    for (const map of mapsIn(document)) {
      const name: unknown = map.get('name')
      const written = typeof name === 'string' ? byName(name) : undefined
      if (written) update(document, map, written)
    }
  }
  return parsed.map((document) => document.toString()).join('')
}
