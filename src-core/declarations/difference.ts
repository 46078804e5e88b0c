import { declarationOf, nameKey } from './names'
import type { MetaInstanceId, NodeId } from '../ids'
import { matchesLabels } from '../state/labels'
import { leastNodes } from '../state/least-nodes'
import type { Hours, HoursDocument } from '../schedules/hours'
import type { MetaInstance, MetaInstanceChanges } from '../state/meta-instances'
import type { State } from '../state/state'
import type { DeclarationDocument, Prune } from './document'
import { canonical } from '../state/canonical'

/*
 * Declarative apply: compares documents with the declarations in the state, by name (or the id of one without), and returns what to create, update
 * and delete so that the documents are true. Pure; `commands/apply-declarations.ts` turns the result into events.
 *
 * 1. Once the documents are true, there is nothing to change.
 * 2. An omitted field has its default, except `paused`, which stays as it is.
 * 3. A document that is invalid, or names an unknown or ambiguous machine, refuses all of them.
 *
 * Held by `difference.test.ts`.
 */

/** The change that one document requires, or the removal of a declaration without a document. */
export type Difference =
  | {
      readonly kind: 'create'
      readonly name: string
      readonly document: DeclarationDocument
      readonly nodeIds?: NodeId[]
      readonly hours?: Hours[]
    }
  | {
      readonly kind: 'update'
      readonly name: string
      readonly metaInstanceId: MetaInstanceId
      readonly changes: MetaInstanceChanges
    }
  | { readonly kind: 'delete' | 'unchanged'; readonly name: string; readonly metaInstanceId: MetaInstanceId }

export type Compared =
  | { readonly status: 'compared'; readonly differences: readonly Difference[] }
  | { readonly status: 'refused'; readonly code: 'invalid' | 'conflict'; readonly reason: string }

const refused = (code: 'invalid' | 'conflict', reason: string): Compared => ({ status: 'refused', code, reason })

/** Resolves machine names to ids, or returns a sentence about the first that cannot be resolved. */
const machinesOf = (state: State, machines: readonly string[]): NodeId[] | string => {
  const members = Object.values(state.members)
  const found: NodeId[] = []
  for (const text of machines) {
    const named = members.filter(
      ({ nodeId, friendlyName }) => nodeId === text || nameKey(friendlyName) === nameKey(text),
    )
    const [first, ...others] = named
    if (!first) {
      const known = members.map(({ friendlyName }) => friendlyName).join(', ')
      return `There is no machine "${text}" in this cluster${known ? `; there are ${known}` : ''}`
    }
    if (others.length > 0) return `Several machines are called "${text}"; name the one that is meant by its id`
    if (found.includes(first.nodeId)) return `The machine "${text}" is named twice`
    found.push(first.nodeId)
  }
  return found
}

/** Resolves the machines in a document's hours, or returns a sentence about the first that cannot be resolved. */
const hoursOf = (state: State, given: readonly HoursDocument[]): Hours[] | string => {
  const hours: Hours[] = []
  for (const { machines, ...entry } of given) {
    const nodeIds = machines && machinesOf(state, machines)
    if (typeof nodeIds === 'string') return nodeIds
    hours.push({ ...entry, ...(nodeIds && { nodeIds }) })
  }
  return hours
}

/** A document's machine references, resolved to ids. */
interface ResolvedMachines {
  readonly nodeIds?: NodeId[]
  readonly hours?: Hours[]
}

const resolveMachines = (state: State, document: DeclarationDocument): ResolvedMachines | string => {
  const nodeIds = document.machines && machinesOf(state, document.machines)
  if (typeof nodeIds === 'string') return nodeIds
  const hours = document.hours && hoursOf(state, document.hours)
  if (typeof hours === 'string') return hours
  return { ...(nodeIds && { nodeIds }), ...(hours && { hours }) }
}

/** Returns the desired value of each field; `null` for a field that should be absent. */
const desiredFields = (document: DeclarationDocument, { nodeIds, hours }: ResolvedMachines): MetaInstanceChanges => ({
  modelId: document.modelId,
  sharding: document.sharding,
  instanceMeta: document.instanceMeta,
  minNodes: leastNodes(document),
  nodeIds: nodeIds ?? null,
  hours: hours ?? null,
  placementPreference: document.placementPreference,
  maxContext: document.maxContext ?? null,
  concurrency: document.concurrency ?? null,
  kvBits: document.kvBits ?? null,
  draftModelId: document.draftModelId ?? null,
  adapterId: document.adapterId ?? null,
  replicas: document.replicas > 1 ? document.replicas : null,
  owner: document.owner ?? null,
  labels: document.labels ?? null,
  ...(document.paused !== undefined && { paused: document.paused }),
  // A file declares what is always on, so a model loaded on request becomes always on.
  onRequest: null,
  pinned: null,
})

/** Returns the fields in which a declaration differs from the desired values. */
const changesOf = (known: MetaInstance, wanted: MetaInstanceChanges): MetaInstanceChanges =>
  Object.fromEntries(
    Object.entries(wanted).filter(
      ([field, value]) => canonical(value ?? null) !== canonical(known[field as keyof MetaInstance] ?? null),
    ),
  )

const differenceOf = (state: State, document: DeclarationDocument): Difference | string => {
  const { name } = document
  const named = resolveMachines(state, document)
  if (typeof named === 'string') return `${name}: ${named}`
  const known = declarationOf(Object.values(state.metaInstances), name)
  if (!known) return { kind: 'create', name, document, ...named }
  const { metaInstanceId } = known
  const changes = changesOf(known, desiredFields(document, named))
  return Object.keys(changes).length === 0
    ? { kind: 'unchanged', name, metaInstanceId }
    : { kind: 'update', name, metaInstanceId, changes }
}

const pruned = (state: State, documents: readonly DeclarationDocument[], { labels, keep }: Prune): Difference[] => {
  const kept = new Set([...documents.map(({ name }) => name), ...keep].map(nameKey))
  return Object.values(state.metaInstances).flatMap(({ metaInstanceId, name, labels: own }) =>
    matchesLabels(own, labels) && !kept.has(nameKey(name ?? metaInstanceId))
      ? [{ kind: 'delete' as const, name: name ?? metaInstanceId, metaInstanceId }]
      : [],
  )
}

/** Returns the changes that make the documents true, in the order of the documents, with removals last. */
export const compare = (
  state: State,
  { documents, prune }: { readonly documents: readonly DeclarationDocument[]; readonly prune?: Prune | undefined },
): Compared => {
  const seen = new Set<string>()
  const differences: Difference[] = []
  for (const document of documents) {
    const key = nameKey(document.name)
    if (seen.has(key)) return refused('conflict', `Two documents have the name "${document.name}"`)
    seen.add(key)
    const difference = differenceOf(state, document)
    if (typeof difference === 'string') return refused('invalid', difference)
    differences.push(difference)
  }
  return { status: 'compared', differences: [...differences, ...(prune ? pruned(state, documents, prune) : [])] }
}
