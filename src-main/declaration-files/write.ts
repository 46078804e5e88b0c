import { isScalar, parseAllDocuments, stringify, type Document } from 'yaml'
import type { WrittenDocument } from '@core/declarations/documented'

/** Declarations, or fields of one, as YAML: one document each. */
export const yamlOf = (documents: readonly Partial<WrittenDocument>[]): string =>
  documents.map((document) => stringify(document)).join('---\n')

const update = (document: Document, written: WrittenDocument): void => {
  const known = document.toJS() as Record<string, unknown>
  for (const field of Object.keys(known)) if (!(field in written)) document.delete(field)
  for (const [field, value] of Object.entries(written)) {
    if (JSON.stringify(known[field]) === JSON.stringify(value)) continue
    const node: unknown = document.get(field, true)
    // A comment behind a value belongs to its node.
    if (isScalar(node) && typeof value !== 'object') node.value = value
    else document.set(field, document.createNode(value))
  }
}

/**
 * A file's text with its declarations as they are now. Comments, order and form stay, and so does what is equal already;
 * a document whose declaration is not among them stays as it is.
 */
export const updatedYaml = (text: string, byName: (name: string) => WrittenDocument | undefined): string => {
  const parsed = parseAllDocuments(text)
  if ('empty' in parsed) return text
  for (const document of parsed) {
    const name: unknown = document.get('name')
    const written = typeof name === 'string' ? byName(name) : undefined
    if (written) update(document, written)
  }
  return parsed.map((document) => document.toString()).join('')
}
