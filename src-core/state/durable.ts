import { emptyState, type State } from './state'

/**
 * Returns the part of a state that the log holds: declarations, instances, members, settings and keys. Observations,
 * and what is derived from them, are dropped; their observers report them again.
 */
export const durablePart = (state: State): State => ({
  ...emptyState(),
  metaInstances: state.metaInstances,
  instances: Object.fromEntries(
    Object.entries(state.instances).map(([id, { readySince: _observed, ...instance }]) => [id, instance]),
  ),
  members: state.members,
  settings: state.settings,
  apiKeys: state.apiKeys,
  ...(state.retired && { retired: state.retired }),
  ...(state.stamps && { stamps: state.stamps }),
  lastEventIndex: state.lastEventIndex,
  lastEventAt: state.lastEventAt,
  term: state.term,
})
