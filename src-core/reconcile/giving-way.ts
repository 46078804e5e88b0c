import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import { temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { isInDemand, lastUse, type IdlenessInputs } from './idleness'

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
 * Which instances give way where a declaration has no room, the first to go first.
 *
 * 1. To one that is always on: temporary ones that are idle, the least recently used first; then instances that nothing
 *    keeps, oldest first; then temporary ones that are in use; and pinned ones only after all of them.
 * 2. To a temporary one: idle, unpinned temporary ones, the least recently used first.
 * 3. Always-on ones give way to nobody.
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
