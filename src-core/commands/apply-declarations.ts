import { compare, type Difference } from '../declarations/difference'
import type { Event } from '../events/event'
import { Folding } from '../fold/index'
import type { MetaInstanceId } from '../ids'
import { next } from '../events/next'
import type { State } from '../state/state'
import type { Command } from './command'
import type { Decided, DecideInputs } from './decided'

type Apply = Extract<Command, { type: 'ApplyDeclarations' }>
type Decide = (state: State, command: Command, inputs: DecideInputs) => Decided

const commandFor = (difference: Difference, newId: MetaInstanceId | undefined): Command | undefined => {
  switch (difference.kind) {
    case 'create': {
      const { machines: _machines, hours: _hours, paused = false, ...wanted } = difference.document
      const { nodeIds, hours } = difference
      const named = { ...(nodeIds && { nodeIds }), ...(hours && { hours }) }
      return newId && { type: 'CreateMetaInstance', metaInstanceId: newId, ...wanted, paused, ...named }
    }
    case 'update': {
      const { metaInstanceId, changes } = difference
      return { type: 'UpdateMetaInstance', metaInstanceId, changes }
    }
    case 'delete':
      return { type: 'DeleteMetaInstance', metaInstanceId: difference.metaInstanceId }
    case 'unchanged':
      return undefined
  }
}

/** Deletions free names before updates and creations take them. */
const ORDER: readonly Difference['kind'][] = ['delete', 'update', 'create', 'unchanged']

/**
 * Applies all changes that the documents need, each to the state after the previous one; refuses all if one is refused.
 */
export const applyDeclarations = (state: State, command: Apply, inputs: DecideInputs, decide: Decide): Decided => {
  const compared = compare(state, command)
  if (compared.status === 'refused') {
    const { code, reason } = compared
    return { status: 'refused', refusal: { code, reason } }
  }
  const events: Event[] = []
  const seen = new Folding(state)
  const numbered = compared.differences.map((difference, index) => ({
    difference,
    newId: command.metaInstanceIds[index],
  }))
  for (const kind of ORDER) {
    for (const { difference, newId } of numbered) {
      const change = difference.kind === kind ? commandFor(difference, newId) : undefined
      if (!change) continue
      const decided = decide(seen.state, change, inputs)
      if (decided.status === 'refused') {
        const { reason, ...refusal } = decided.refusal
        return { status: 'refused', refusal: { ...refusal, reason: `${difference.name}: ${reason}` } }
      }
      for (const event of decided.events) seen.fold(seen.read((before) => next(before, event, inputs.now)))
      events.push(...decided.events)
    }
  }
  return { status: 'decided', events }
}
