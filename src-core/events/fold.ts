import type { State } from '../state/state'
import { reduceDownloads } from './downloads'
import type { Envelope } from './event'
import { reduceInstances } from './instances'
import { reduceMembers } from './members'
import { reduceMetaInstances } from './meta-instances'
import { reduceNodes } from './nodes'
import { reduceRunners } from './runners'
import { reduceApiKeys, reduceSettings } from './settings'
import { reduceTasks } from './tasks'
import { reduceTopology } from './topology'

/**
 * The state after one more event. Every family's reducer sees the state as it was before, so their
 * order does not matter. Families that an event does not touch keep their identity.
 */
export const fold = (state: State, envelope: Envelope): State => ({
  ...state,
  metaInstances: reduceMetaInstances(state, envelope),
  instances: reduceInstances(state, envelope),
  runners: reduceRunners(state, envelope),
  tasks: reduceTasks(state, envelope),
  nodes: reduceNodes(state, envelope),
  members: reduceMembers(state, envelope),
  topology: reduceTopology(state, envelope),
  downloads: reduceDownloads(state, envelope),
  settings: reduceSettings(state, envelope),
  apiKeys: reduceApiKeys(state, envelope),
  lastEventIndex: envelope.index,
  lastEventAt: envelope.at,
  term: envelope.term,
})
