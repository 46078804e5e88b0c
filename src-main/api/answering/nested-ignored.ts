/** Limits: values visited in a body, and names reported. */
const MAX_PLACES = 20_000
const MAX_NAMES = 30

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a value has no effect: clients send back earlier answers with such fields. */
const hasNoEffect = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

const isForeign = (given: Readonly<Record<string, unknown>>, taken: Readonly<Record<string, unknown>>): boolean =>
  'type' in taken && 'type' in given && (given['type'] !== taken['type'] || Object.keys(taken).length === 1)

/**
 * Returns fields below the first level that a schema dropped, as paths without list indices: `messages.name`. Values
 * that the schema transformed are not descended into. Bounded: a huge body is not searched completely.
 *
 * @param known names that are supported, or only give the origin of something, in any object
 */
export const nestedIgnored = (body: unknown, parsed: unknown, known: ReadonlySet<string>): string[] => {
  const names = new Set<string>()
  let places = 0
  const visit = (given: unknown, taken: unknown, path: string): void => {
    if (given === taken || names.size >= MAX_NAMES || (places += 1) > MAX_PLACES) return
    if (Array.isArray(given) && Array.isArray(taken)) {
      if (given.length === taken.length) given.forEach((inner, at) => visit(inner, taken[at], path))
      return
    }
    // An object that is recognised only by its `type` is reported by that type; the schema replaces it with a marker.
    if (!isObject(given) || !isObject(taken) || isForeign(given, taken)) return
    for (const [name, inner] of Object.entries(given)) {
      const at = path === '' ? name : `${path}.${name}`
      if (Object.hasOwn(taken, name)) visit(inner, taken[name], at)
      else if (path !== '' && !known.has(name) && !hasNoEffect(inner)) names.add(at)
    }
  }
  visit(body, parsed, '')
  return [...names]
}
