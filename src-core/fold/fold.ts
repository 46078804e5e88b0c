import type { NodeId } from '../ids'
import type { State } from '../state/state'
import type { Changes } from './changes'
import { reduceDownloads } from './downloads'
import type { Envelope } from '../events/event'
import { reduceInstances } from './instances'
import { reduceLastUsed } from './last-used'
import { reduceMembers } from './members'
import { reduceMetaInstances } from './meta-instances'
import { reduceNodes } from './nodes'
import { reduceRetired } from './retired'
import { reduceRunners } from './runners'
import { reduceApiKeys, reduceSettings } from './settings'
import { reduceStamps } from './stamps'
import { reduceTasks } from './tasks'
import { reduceEdges, reduceLostLinks } from './topology'

type Draft = { -readonly [Family in keyof State]: State[Family] }

/**
 * Folds event after event. A family is copied when it first changes after the state was handed out, and
 * from then on changed in place: a state that somebody holds never changes, and a large one is copied
 * once per look instead of once per event. Families that no event touches keep their identity.
 */
export class Folding {
  private readonly draft: Draft
  private handedOut: State | undefined
  /** The records that nobody else holds. */
  private readonly own = new Set<object>()

  constructor(state: State) {
    this.draft = { ...state }
    this.handedOut = state
  }

  /** The state as it is now, to keep. */
  get state(): State {
    this.own.clear()
    return (this.handedOut ??= { ...this.draft })
  }

  /** Looks something up without handing out the state; what `reader` returns must hold no part that changes. */
  look<Found>(reader: (state: State) => Found): Found {
    return reader(this.draft)
  }

  /**
   * Every family's reducer says what changes, by the state as it was before the event; then all of it
   * changes. So their order does not matter, and one that throws leaves the state as it was.
   */
  fold(envelope: Envelope): this {
    const { draft } = this
    const metaInstances = reduceMetaInstances(draft, envelope)
    const instances = reduceInstances(draft, envelope)
    const runners = reduceRunners(draft, envelope)
    const tasks = reduceTasks(draft, envelope)
    const nodes = reduceNodes(draft, envelope)
    const members = reduceMembers(draft, envelope)
    const edges = reduceEdges(draft, envelope)
    const lost = reduceLostLinks(draft, envelope)
    const downloads = reduceDownloads(draft, envelope)
    const settings = reduceSettings(draft, envelope)
    const apiKeys = reduceApiKeys(draft, envelope)
    const retired = reduceRetired(draft, envelope)
    const stamps = reduceStamps(draft, envelope)
    const lastUsed = reduceLastUsed(draft, envelope)

    this.handedOut = undefined
    if (metaInstances) draft.metaInstances = this.changed(draft.metaInstances, metaInstances)
    if (instances) draft.instances = this.changed(draft.instances, instances)
    if (runners) draft.runners = this.changed(draft.runners, runners)
    if (tasks) draft.tasks = this.changed(draft.tasks, tasks)
    if (nodes) draft.nodes = this.changed(draft.nodes, nodes)
    if (members) draft.members = this.changed(draft.members, members)
    if (edges) draft.topology = { ...draft.topology, edges: this.changed(draft.topology.edges, edges) }
    if (lost) draft.topology = { ...draft.topology, lost: this.changed(draft.topology.lost ?? {}, lost) }
    if (downloads) draft.downloads = this.changed(draft.downloads, downloads)
    if (apiKeys) draft.apiKeys = this.changed(draft.apiKeys, apiKeys)
    if (retired) draft.retired = this.changed(draft.retired ?? {}, retired)
    if (stamps) draft.stamps = this.changed(draft.stamps ?? {}, stamps)
    if (lastUsed) draft.lastUsed = this.changed(draft.lastUsed ?? {}, lastUsed)
    draft.settings = settings
    draft.lastEventIndex = envelope.index
    draft.lastEventAt = envelope.at
    draft.term = envelope.term
    return this
  }

  /** A term that began without an event of its own, and who leads in it; terms never go back. */
  enter(term: number, master?: NodeId): this {
    this.handedOut = undefined
    this.draft.term = Math.max(this.draft.term, term)
    if (master !== undefined) this.draft.masterNodeId = master
    return this
  }

  private changed<Value>(family: Record<string, Value>, changes: Changes<Value>): Record<string, Value> {
    const record = this.own.has(family) ? family : copied(family)
    this.own.add(record)
    for (const id in changes) {
      const value = changes[id]
      if (value === null || value === undefined) delete record[id]
      else record[id] = value
    }
    return record
  }
}

/** Without a prototype, because V8 copies a large one into such an object three times as fast. */
const copied = <Value>(family: Record<string, Value>): Record<string, Value> =>
  Object.assign(Object.create(null) as Record<string, Value>, family)

/** The state after one more event. */
export const fold = (state: State, envelope: Envelope): State => new Folding(state).fold(envelope).state
