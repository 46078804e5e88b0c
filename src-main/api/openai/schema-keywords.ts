/** JSON Schema keywords that the grammar does not enforce; the complement of llguidance's list of supported ones. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...['uniqueItems', 'contains', 'minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties'],
  ...['not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'dependencies', 'propertyNames'],
  ...['$dynamicRef', '$recursiveRef'],
])

/** Their values map user-chosen names to schemas; such a name may equal a keyword. */
const BY_NAME: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
/** Their values are plain values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required'])

/** Returns the keywords of a schema and its subschemas that are not enforced. */
export const keywordsNotKept = (schema: unknown): string[] => {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        if (NOT_KEPT.has(key)) found.add(key)
        else if (BY_NAME.has(key) && typeof inner === 'object' && inner !== null) Object.values(inner).forEach(visit)
        else if (!VALUES.has(key)) visit(inner)
      }
  }
  visit(schema)
  return [...found]
}
