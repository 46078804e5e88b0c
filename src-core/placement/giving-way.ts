import type { Instance } from '../state/instances'
import type { MetaInstanceId } from '../ids'
import type { MetaInstance } from '../state/meta-instances'
import { temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { isInDemand, lastUse, type IdlenessInputs } from '../state/idleness'

interface Temporary {
  readonly instance: Instance
  readonly metaInstance: MetaInstance
  readonly busy: boolean
}

/** The declaration that needs the memory; empty for one that is yet to be made, and always on. */
export type Needing = Pick<MetaInstance, 'onRequest' | 'schedule'> & {
  readonly metaInstanceId?: MetaInstanceId | undefined
}

const temporaries = (state: State, own: Needing, inputs: IdlenessInputs & { readonly now: number }): Temporary[] =>
  Object.values(state.instances).flatMap((instance) => {
    const { metaInstanceId } = instance
    const metaInstance = metaInstanceId && state.metaInstances[metaInstanceId]
    if (!metaInstance || metaInstance.metaInstanceId === own.metaInstanceId || temporaryOf(metaInstance) === undefined)
      return []
    return [{ instance, metaInstance, busy: isInDemand(state, metaInstance, inputs) }]
  })

/**
 * Returns the instances that may be evicted to make room for a declaration, in eviction order.
 * | 1. For an always-on declaration: idle temporary ones, least recently used first; then instances without a
 * declaration, oldest first; then temporary ones in use; pinned ones last.
 * 2. For a temporary declaration: idle, unpinned temporary ones, least recently used first.
 * 3. Always-on declarations are never evicted.
 */
export const mayGiveWay = (
  state: State,
  needing: Needing,
  inputs: IdlenessInputs & { readonly now: number },
): Instance[] => {
  const leastUsedFirst = temporaries(state, needing, inputs).sort(
    (a, b) => lastUse(state, a.metaInstance) - lastUse(state, b.metaInstance),
  )
  const those = (wanted: { pinned: boolean; busy: boolean }): Instance[] =>
    leastUsedFirst
      .filter(({ metaInstance: { pinned = false }, busy }) => pinned === wanted.pinned && busy === wanted.busy)
      .map(({ instance }) => instance)
  const idle = those({ pinned: false, busy: false })
  if (temporaryOf(needing)) return idle
  return [
    ...idle,
    ...Object.values(state.instances).filter((instance) => instance.metaInstanceId === undefined),
    ...those({ pinned: false, busy: true }),
    ...those({ pinned: true, busy: false }),
    ...those({ pinned: true, busy: true }),
  ]
}

/** What `mayGiveWay` returns, as far as can be told without the leader: its order may differ from the leader's. */
export const mayGiveWayNow = (state: State, needing: Needing = {}): Instance[] =>
  mayGiveWay(state, needing, { now: state.lastEventAt, deadlinesBegan: 0 })

/**
 * Returns those of these instances that have to end before something fits: no more than needed, the last ones spared
 * first. Undefined if it would not fit without all of them either.
 */
export const fewestToEnd = (
  mayEnd: readonly Instance[],
  fitsWithout: (ended: ReadonlySet<string>) => boolean,
): Instance[] | undefined => {
  const ended = new Set<string>(mayEnd.map(({ instanceId }) => instanceId))
  if (ended.size === 0 || !fitsWithout(ended)) return undefined
  for (const { instanceId } of [...mayEnd].reverse()) {
    ended.delete(instanceId)
    if (!fitsWithout(ended)) ended.add(instanceId)
  }
  return mayEnd.filter(({ instanceId }) => ended.has(instanceId))
}
