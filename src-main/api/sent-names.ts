/**
 * Names under which fields of a body were sent, where they were renamed before it was validated: errors name what the
 * client knows. Kept beside the objects, which stay what the schemas expect.
 */
const sentNames = new WeakMap<object, ReadonlyMap<string, string>>()

/** Remembers under which names the fields of an object were sent; fields that are left out kept theirs. */
export const withSentNames = <Body extends object>(body: Body, sent: ReadonlyMap<string, string>): Body => {
  sentNames.set(body, sent)
  return body
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The name under which a field of an object was sent. */
export const sentName = (body: unknown, key: string): string =>
  (isObject(body) ? sentNames.get(body)?.get(key) : undefined) ?? key

/** A path into a body, in the names that were sent. */
export const sentPath = (body: unknown, path: readonly PropertyKey[]): PropertyKey[] => {
  let within = body
  return path.map((key) => {
    const name = typeof key === 'string' ? sentName(within, key) : key
    within = isObject(within) ? (Reflect.get(within, key) as unknown) : undefined
    return name
  })
}
