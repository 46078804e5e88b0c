import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import { temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { isInDemand, lastUse, type IdlenessInputs } from '../state/idleness'

interface Temporary {
  readonly instance: Instance
  readonly metaInstance: MetaInstance
  readonly busy: boolean
}

const temporaries = (state: State, own: MetaInstance, inputs: IdlenessInputs & { readonly now: number }): Temporary[] =>
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
  metaInstance: MetaInstance,
  inputs: IdlenessInputs & { readonly now: number },
): Instance[] => {
  const leastUsedFirst = temporaries(state, metaInstance, inputs).sort(
    (a, b) => lastUse(state, a.metaInstance) - lastUse(state, b.metaInstance),
  )
  const those = (wanted: { pinned: boolean; busy: boolean }): Instance[] =>
    leastUsedFirst
      .filter(({ metaInstance: { pinned = false }, busy }) => pinned === wanted.pinned && busy === wanted.busy)
      .map(({ instance }) => instance)
  const idle = those({ pinned: false, busy: false })
  if (temporaryOf(metaInstance)) return idle
  return [
    ...idle,
    ...Object.values(state.instances).filter((instance) => instance.metaInstanceId === undefined),
    ...those({ pinned: false, busy: true }),
    ...those({ pinned: true, busy: false }),
    ...those({ pinned: true, busy: true }),
  ]
}
