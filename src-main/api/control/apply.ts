import { Hono } from 'hono'
import { decide } from '@core/commands/decide'
import type { Command } from '@core/commands/command'
import { compare, type Difference } from '@core/declarations/difference'
import { declarationSchema } from '@core/declarations/json-schema'
import { toDocument, type WrittenDocument } from '@core/declarations/to-document'
import { withChanges } from '@core/fold/index'
import { InstanceId, MetaInstanceId, RunnerId, type CommandId } from '@core/ids'
import { ApplyRequest, type AppliedChange } from '@core/protocols/apply'
import type { State } from '@core/state/state'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut, commandIdOf, newIdOf, problemOf } from '../commands'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { namedAsModel, neverPossible } from './declaration-checks'

/** Throws Problem for a document that no cluster could ever run. */
const possible = async (context: ApiContext, state: State, difference: Difference): Promise<void> => {
  switch (difference.kind) {
    case 'create': {
      await neverPossible(context, { ...difference.document, nodeIds: difference.nodeIds })
      return namedAsModel(context, difference.name)
    }
    case 'update': {
      const known = state.metaInstances[difference.metaInstanceId]
      return known && neverPossible(context, withChanges(known, difference.changes), known)
    }
    case 'delete':
    case 'unchanged':
  }
}

/** Normalises a document as one read back: without fields at their default. */
const created = (
  state: State,
  { document, nodeIds, hours }: Extract<Difference, { kind: 'create' }>,
): WrittenDocument => {
  const { hours: _hours, ...fields } = document
  return toDocument(state, {
    ...{ ...fields, paused: document.paused ?? false, ...(nodeIds && { nodeIds }), ...(hours && { hours }) },
    ...{ metaInstanceId: MetaInstanceId.parse('new'), generation: 0, createdAt: 0 },
    ...{ consecutiveFailures: 0, replacements: 0 },
  })
}

const changeOf = (state: State, difference: Difference, newId: MetaInstanceId | undefined): AppliedChange => {
  const { kind, name } = difference
  if (difference.kind === 'create')
    return { kind, name, ...(newId && { metaInstanceId: newId }), after: created(state, difference) }
  const { metaInstanceId } = difference
  const known = state.metaInstances[metaInstanceId]
  if (!known) return { kind, name, metaInstanceId }
  const before = toDocument(state, known)
  if (difference.kind === 'delete') return { kind, name, metaInstanceId, before }
  const changes = difference.kind === 'update' ? difference.changes : {}
  return { kind, name, metaInstanceId, before, after: toDocument(state, withChanges(known, changes)) }
}

/** Apply places nothing itself, so no instance ids are needed. */
const noIds = { instanceId: () => InstanceId.parse('none'), runnerId: () => RunnerId.parse('none') }

/** Throws Problem for commands that the master would refuse. */
const rehearse = (state: State, command: Command): void => {
  const decided = decide(state, command, { now: Date.now(), ids: noIds })
  if (decided.status === 'refused') throw problemOf(decided.refusal)
}

const idsFor = (commandId: CommandId, count: number): MetaInstanceId[] =>
  Array.from({ length: count }, (_, index) => MetaInstanceId.parse(newIdOf(`${commandId} ${index}`)))

/** Applies declarations from files: brings the cluster to what the documents say, all or nothing. */
export const applyRoutes = (context: ApiContext): Hono => {
  const { source, commands } = context
  const routes = new Hono()
  routes.post('/meta_instances/apply', async (c) => {
    const { documents, prune, dryRun } = parseWith(ApplyRequest, camelCased(await jsonBody(c)))
    const state = source.state()
    const compared = compare(state, { documents, prune })
    if (compared.status === 'refused')
      throw new Problem(compared.code === 'conflict' ? 409 : 400, compared.code, compared.reason)
    for (const difference of compared.differences) await possible(context, state, difference)
    const commandId = await commandIdOf(c)
    const metaInstanceIds = idsFor(commandId, documents.length)
    const command: Command = { type: 'ApplyDeclarations', documents, metaInstanceIds, ...(prune && { prune }) }
    if (dryRun) rehearse(state, command)
    else await carryOut(context, command, { request: c, commandId })
    if (!dryRun) await commands.reconciled()
    const changes = compared.differences.map((difference, index) => changeOf(state, difference, metaInstanceIds[index]))
    return c.json({ dryRun, changes })
  })
  routes.get('/schemas/declaration.json', (c) => c.json(declarationSchema()))
  return routes
}
