/** Keywords of JSON Schema that no grammar here keeps to; llguidance's list of what it does is the other side of it. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...['uniqueItems', 'contains', 'minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties'],
  ...['not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'dependencies', 'propertyNames'],
  ...['$dynamicRef', '$recursiveRef'],
])

/** Hold schemas by names that are the user's own, which may be called like a keyword. */
const BY_NAME: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
/** Hold values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required'])

/** The keywords of a schema, and of those within it, that an answer is not held to. */
export const keywordsNotKept = (schema: unknown): string[] => {
  const found = new Set<string>()
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look)
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        if (NOT_KEPT.has(key)) found.add(key)
        else if (BY_NAME.has(key) && typeof inner === 'object' && inner !== null) Object.values(inner).forEach(look)
        else if (!VALUES.has(key)) look(inner)
      }
  }
  look(schema)
  return [...found]
}
