import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'

/** `A`, `A and B`, `A, B, and C`. */
export const listed = (names: readonly string[]): string => {
  const [last, ...others] = [...names].reverse()
  if (last === undefined) return ''
  if (others.length === 0) return last
  return `${others.reverse().join(', ')}${others.length > 1 ? ',' : ''} and ${last}`
}

export const namesOf = (state: State, nodeIds: readonly NodeId[]): string =>
  listed(nodeIds.map((nodeId) => nodeName(state, nodeId)))

/** What people call a declaration. */
export const declarationName = ({ name, modelId }: MetaInstance): string => name ?? modelId.split('/').at(-1) ?? modelId
