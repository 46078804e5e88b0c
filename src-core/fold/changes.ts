/**
 * What becomes of some of a family's entries: their new values, and `null` for those that go.
 * `undefined` instead of changes says that the family stands still.
 */
export type Changes<Value> = Readonly<Record<string, Value | null>>

type Family<Value> = Readonly<Record<string, Value>>

export const put = <Value>(id: string, value: Value): Changes<Value> => ({ [id]: value })

export const drop = (family: Family<unknown>, id: string): Changes<never> | undefined =>
  id in family ? { [id]: null } : undefined

export const dropWhere = <Value>(
  family: Family<Value>,
  gone: (value: Value) => boolean,
): Changes<never> | undefined => {
  let changes: Record<string, null> | undefined
  for (const id in family) {
    const value = family[id]
    if (value !== undefined && gone(value)) (changes ??= {})[id] = null
  }
  return changes
}

/** Changes the entry if there is one. */
export const amend = <Value>(
  family: Family<Value>,
  id: string,
  change: (value: Value) => Value,
): Changes<Value> | undefined => {
  const value = family[id]
  return value === undefined ? undefined : put(id, change(value))
}

/** Changes the entries that `change` gives a new value for. */
export const amendWhere = <Value>(
  family: Family<Value>,
  change: (value: Value) => Value | undefined,
): Changes<Value> | undefined => {
  let changes: Record<string, Value> | undefined
  for (const id in family) {
    const value = family[id]
    const amended = value === undefined ? undefined : change(value)
    if (amended !== undefined) (changes ??= {})[id] = amended
  }
  return changes
}
