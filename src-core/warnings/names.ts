import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { allOf, type ListValue } from '../texts/coded'

/** `A`, `A and B`, `A, B, and C`. */
export const namesOf = (state: State, nodeIds: readonly NodeId[]): ListValue =>
  allOf(nodeIds.map((nodeId) => nodeName(state, nodeId)))

/** Display name of a declaration. */
export const declarationName = ({ name, modelId }: MetaInstance): string => name ?? modelId.split('/').at(-1) ?? modelId
