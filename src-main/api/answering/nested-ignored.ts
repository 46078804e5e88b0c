/** Most places of a body that are looked at, and most names that are told. */
const MOST_PLACES = 20_000
const MOST_NAMES = 30

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Clients send back what an answer held, with fields that say nothing. */
const saysNothing = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

const isForeign = (given: Readonly<Record<string, unknown>>, taken: Readonly<Record<string, unknown>>): boolean =>
  'type' in taken && 'type' in given && (given['type'] !== taken['type'] || Object.keys(taken).length === 1)

/**
 * Fields below the first level that a schema left out, as paths without the places in lists: `messages.name`. What the
 * schema made into something else is not looked into. Bounded: of a huge body not all are found.
 *
 * @param known names that are understood, or tell where something came from, in whatever object they stand
 */
export const nestedIgnored = (body: unknown, parsed: unknown, known: ReadonlySet<string>): string[] => {
  const names = new Set<string>()
  let places = 0
  const look = (given: unknown, taken: unknown, path: string): void => {
    if (given === taken || names.size >= MOST_NAMES || (places += 1) > MOST_PLACES) return
    if (Array.isArray(given) && Array.isArray(taken)) {
      if (given.length === taken.length) given.forEach((inner, at) => look(inner, taken[at], path))
      return
    }
    // Of something that is only known by its type, the type is named. A schema's own word stands for it in its place.
    if (!isObject(given) || !isObject(taken) || isForeign(given, taken)) return
    for (const [name, inner] of Object.entries(given)) {
      const at = path === '' ? name : `${path}.${name}`
      if (Object.hasOwn(taken, name)) look(inner, taken[name], at)
      else if (path !== '' && !known.has(name) && !saysNothing(inner)) names.add(at)
    }
  }
  look(body, parsed, '')
  return [...names]
}
