import type { OutputFormat } from '@core/generation/request'

/** JSON Schema keywords that the grammar does not enforce; the complement of llguidance's list of supported ones. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...['uniqueItems', 'contains', 'minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties'],
  ...['not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'dependencies', 'propertyNames'],
  ...['$dynamicRef', '$recursiveRef'],
])

/** Formats of strings that the grammar enforces; those of numbers say nothing in JSON. */
const FORMATS: ReadonlySet<unknown> = new Set([
  ...['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uuid', 'unknown'],
])

/**
 * Look-around, word boundaries and back-references. The runner ignores the same patterns
 * (native-runner/src/muster_runner/output/grammars.py).
 */
const INEXPRESSIBLE = /(?<!\\)(?:\\\\)*(?:\(\?<?[=!]|\\[bB1-9]|\\k<)/

/** Their values map user-chosen names to schemas; such a name may equal a keyword. */
const BY_NAME: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
/** Their values are plain values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required'])

type Schema = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The grammar can count properties only if all of them are required. */
const countsProperties = ({ properties, required }: Schema): boolean =>
  Object.keys(isObject(properties) ? properties : {}).every(
    (name) => Array.isArray(required) && required.includes(name),
  )

const isKept = (key: string, schema: Schema): boolean => {
  const value = schema[key]
  switch (key) {
    case 'format':
      return schema['type'] !== 'string' || FORMATS.has(value)
    case 'pattern':
      return typeof value !== 'string' || !INEXPRESSIBLE.test(value)
    case 'patternProperties':
      return !isObject(value) || !Object.keys(value).some((pattern) => INEXPRESSIBLE.test(pattern))
    case 'minProperties':
    case 'maxProperties':
      return countsProperties(schema)
    default:
      return !NOT_KEPT.has(key)
  }
}

/** Returns the keywords of a schema and its subschemas that are not enforced. */
export const keywordsNotKept = (schema: unknown): string[] => {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    if (!isObject(value)) return
    for (const [key, inner] of Object.entries(value)) {
      if (!isKept(key, value)) found.add(key)
      else if (BY_NAME.has(key) && isObject(inner)) Object.values(inner).forEach(visit)
      else if (!VALUES.has(key)) visit(inner)
    }
  }
  visit(schema)
  return [...found]
}

/** The keywords of an answer's schema that are not enforced, for the response header. `field`: the request's field. */
export const ignoredKeywords = (format: OutputFormat | undefined, field: string): string[] =>
  format?.kind === 'jsonSchema' && format.lenient
    ? keywordsNotKept(format.schema).map((keyword) => `${field}.${keyword}`)
    : []
