import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
  stringify,
  visit,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml'
import { omittedIn, type WrittenDocument } from '@core/declarations/to-document'

/** Writes declarations, or some of their fields, as YAML with one document each. */
export const yamlOf = (documents: readonly Partial<WrittenDocument>[]): string =>
  documents.map((document) => stringify(document)).join('---\n')

type Fields = Readonly<Record<string, unknown>>
/** The current declaration of a name; undefined if there is none. */
type ByName = (name: string) => WrittenDocument | undefined

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** The fields to set and those to remove (undefined), so that `known` says what `written` says. */
const changesOf = (known: Fields, written: WrittenDocument): [field: string, value: unknown][] => {
  const omitted: Fields = { ...omittedIn(written), ...written }
  const removed = Object.keys(known).filter((field) => !(field in written) && !isSame(known[field], omitted[field]))
  const set = Object.entries(written).filter(([field, value]) => !isSame(known[field], value))
  return [...removed.map((field): [string, undefined] => [field, undefined]), ...set]
}

/** A copy that nothing refers to. */
const withoutAnchors = (node: Node): Node => {
  const copy = node.clone() as Node
  visit(copy, {
    Collection: (_key, one) => void delete one.anchor,
    Scalar: (_key, one) => void delete one.anchor,
  })
  return copy
}

/** Gives all that refers to a part of a value the value itself, because that is about to change. */
const detach = (document: Document, changing: Node): void => {
  const parts = new Set<Node>()
  visit(changing, { Node: (_key, node) => void parts.add(node) })
  const valueOf = (alias: Alias): Node | undefined => {
    const value = alias.resolve(document)
    return value && parts.has(value) ? withoutAnchors(value) : undefined
  }
  visit(document, { Alias: (_key, alias) => (parts.has(alias) ? undefined : valueOf(alias)) })
}

const update = (document: Document, map: YAMLMap, changes: readonly [string, unknown][]): void => {
  for (const [field, value] of changes) {
    const node: unknown = map.get(field, true)
    if (isNode(node)) detach(document, node)
    if (value === undefined) map.delete(field)
    // Set on the existing node, because the comment after a value belongs to it.
    else if (isScalar(node) && typeof value !== 'object') node.value = value
    else map.set(field, document.createNode(value))
  }
}

/** The declarations of a document: itself, or the entries of a list. */
const mapsIn = ({ contents }: Document): YAMLMap[] =>
  (isSeq(contents) ? contents.items : [contents]).filter((node) => isMap(node))

/** Updates a document; false if it already said the same. */
const updateDocument = (document: Document, byName: ByName): boolean => {
  const updates = mapsIn(document).flatMap((map) => {
    const name: unknown = map.get('name')
    const written = typeof name === 'string' ? byName(name) : undefined
    const changes = written ? changesOf(map.toJS(document) as Fields, written) : []
    return changes.length > 0 ? [{ map, changes }] : []
  })
  for (const { map, changes } of updates) update(document, map, changes)
  return updates.length > 0
}

const updatedYaml = (text: string, byName: ByName): string => {
  const parsed = parseAllDocuments(text)
  if ('empty' in parsed) return text
  let from = 0
  return parsed.reduce((done, document, at) => {
    const to = at === parsed.length - 1 ? text.length : document.range[2]
    const before = text.slice(from, to)
    from = to
    if (!updateDocument(document, byName)) return done + before
    // An empty document ends before the end of its line.
    const lineEnd = done === '' || done.endsWith('\n') ? '' : '\n'
    return done + lineEnd + document.toString({ lineWidth: 0 })
  }, '')
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const updatedJson = (text: string, json: unknown, byName: ByName): string => {
  const updated = (one: unknown): unknown => {
    const written = isFields(one) && typeof one.name === 'string' ? byName(one.name) : undefined
    const changes = written && isFields(one) ? changesOf(one, written) : []
    return changes.length === 0 || !isFields(one) ? one : { ...one, ...Object.fromEntries(changes) }
  }
  const after = Array.isArray(json) ? json.map(updated) : updated(json)
  if (isSame(after, json)) return text
  const indent = /\n([ \t]+)/.exec(text)?.[1]
  return JSON.stringify(after, undefined, indent) + (text.endsWith('\n') ? '\n' : '')
}

const jsonIn = (text: string): { json: unknown } | undefined => {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/**
 * Updates a file's text to the current declarations. JSON stays JSON. In YAML comments and order stay, and so does the
 * whole text of a document in which nothing changes. A declaration whose name is not declared stays as it is, also where
 * it refers to a value of another one.
 */
export const updatedText = (text: string, byName: ByName): string => {
  const json = jsonIn(text)
  return json ? updatedJson(text, json.json, byName) : updatedYaml(text, byName)
}
