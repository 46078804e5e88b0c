/**
 * Changed entries of one family: the new value by id, or `null` for a deleted entry.
 * `undefined` in place of a `Changes` means that the family does not change.
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

/** Changes the entry if it exists. */
export const amend = <Value>(
  family: Family<Value>,
  id: string,
  change: (value: Value) => Value,
): Changes<Value> | undefined => {
  const value = family[id]
  return value === undefined ? undefined : put(id, change(value))
}

/** Changes the entries for which `change` returns a new value. */
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
