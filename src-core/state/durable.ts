import { emptyState, type State } from './state'

/**
 * What of a state the log holds: declarations, instances, members, settings and keys. Everything
 * observed is dropped, with what was derived from it; those who observed it report it anew.
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
