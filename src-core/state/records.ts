/**
 * Changes to records that share all they do not change, and give back the very same record when
 * nothing changes: identity tells a reader of the state that a family stood still.
 */
export type Family<Value> = Readonly<Record<string, Value>>

export const put = <Value>(family: Family<Value>, id: string, value: Value): Record<string, Value> => ({
  ...family,
  [id]: value,
})

export const dropWhere = <Value>(
  family: Family<Value>,
  gone: (value: Value, id: string) => boolean,
): Record<string, Value> => {
  const entries = Object.entries(family)
  const kept = entries.filter(([id, value]) => !gone(value, id))
  return kept.length === entries.length ? family : Object.fromEntries(kept)
}

export const drop = <Value>(family: Family<Value>, id: string): Record<string, Value> =>
  id in family ? dropWhere(family, (_value, other) => other === id) : family

/** Changes the entries that `change` gives a new value for; `undefined` leaves an entry as it is. */
export const amendWhere = <Value>(
  family: Family<Value>,
  change: (value: Value, id: string) => Value | undefined,
): Record<string, Value> => {
  let amended: Record<string, Value> | undefined
  for (const [id, value] of Object.entries(family)) {
    const next = change(value, id)
    if (next === undefined || next === value) continue
    amended ??= { ...family }
    amended[id] = next
  }
  return amended ?? family
}

export const amend = <Value>(
  family: Family<Value>,
  id: string,
  change: (value: Value) => Value,
): Record<string, Value> => {
  const value = family[id]
  return value === undefined ? family : put(family, id, change(value))
}
