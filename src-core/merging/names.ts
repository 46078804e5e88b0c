import { nameKey, nameProblem } from '../declarations/names'
import type { State } from '../state/state'
import type { DeclaredMetaInstance, Stamped } from './declared'
import { servedId } from '../state/needed-models'
import { compareStamps, fieldStamp } from '../state/stamp'

type Family = Readonly<Record<string, Stamped<DeclaredMetaInstance>>>

/** Maximum length of a name, less the number appended. */
const MAX_CHARACTERS = 90

/** Drops half a surrogate pair at the cut. */
const numbered = (name: string, count: number): string =>
  `${name.slice(0, MAX_CHARACTERS).replace(/[\uD800-\uDBFF]$/u, '')} ${count}`

/**
 * Resolves equal names from two sides: the one written last keeps the name and the other gets a number, so that no
 * declaration is lost over its name. Conflicts that `state` already had are left alone.
 */
export const withNamesOfTheirOwn = (family: Family, state: State): Record<string, Stamped<DeclaredMetaInstance>> => {
  const named = { ...family }
  const models = [...Object.values(family).map(({ value }) => value), ...Object.values(state.instances)]
  const taken = new Map(models.map((one) => [nameKey(servedId(one)), '']))
  for (const id of Object.keys(family)) taken.set(nameKey(id), id)
  // A numbered name must not equal another declaration's name: that would only move the conflict.
  const given = new Set(Object.values(family).map(({ value: { name = '' } }) => nameKey(name)))
  const newestFirst = Object.entries(family).sort(
    ([a, { stamps: one }], [b, { stamps: other }]) =>
      compareStamps(fieldStamp(other, 'name'), fieldStamp(one, 'name')) || (a < b ? -1 : 1),
  )
  for (const [id, { value, stamps }] of newestFirst) {
    const { name } = value
    if (name === undefined) continue
    const isFree = (candidate: string): boolean => (taken.get(nameKey(candidate)) ?? id) === id
    const known = state.metaInstances[id]
    const isAsBefore = known?.name === name && nameProblem(state, name, value) !== undefined
    let own = name
    const isTaken = (): boolean => !isFree(own) || (own !== name && given.has(nameKey(own)))
    for (let count = 2; !isAsBefore && isTaken(); count += 1) own = numbered(name, count)
    taken.set(nameKey(own), id)
    if (own !== name) named[id] = { value: { ...value, name: own }, stamps }
  }
  return named
}
