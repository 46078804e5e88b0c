import type { Command, Refusal } from '../commands/command'
import { requestedChanges } from '../protocols/requested-changes'
import { withChanges } from '../fold/index'
import { meshProblem } from '../placement/mesh-limit'
import { contextProblem } from '../placement/refusal'
import { place } from '../placement/place'
import type { ModelCard } from '../placement/model-card'
import type { ModelId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import type { Step, StepOf } from './scenario'

const refusal = (code: Refusal['code'], reason: string): Refusal => ({ code, reason })

/** Constraints that no set of machines can satisfy: the API refuses them before they become a command. */
const neverPossible = (
  wanted: Pick<Constraints, 'modelId' | 'sharding' | 'minNodes' | 'instanceMeta' | 'nodeIds' | 'maxContext'>,
  card: ModelCard | undefined,
): Refusal | undefined => {
  const { modelId, sharding, minNodes } = wanted
  if (!card) return refusal('invalid', `There is no model ${modelId}`)
  const tooMany = meshProblem(wanted)
  if (tooMany) return refusal('invalid', tooMany.reason)
  const tooLong = contextProblem(card, wanted)
  if (tooLong) return refusal('invalid', tooLong.reason)
  return sharding === 'Tensor' && minNodes > 1 && !card.supportsTensor
    ? refusal('invalid', `${modelId} does not support Tensor sharding`)
    : undefined
}

/** A receiver of commands, which returns immediate refusals. */
export interface CommandTaker {
  state(): State
  submit(command: Command): Refusal | undefined
}

type Cards = (modelId: ModelId) => ModelCard | undefined

const create = (master: CommandTaker, step: StepOf<'createMetaInstance'>, cards: Cards): Refusal | undefined => {
  const { at: _at, do: _do, via: _via, id, validate, minNodes = 1, ...wanted } = step
  const card = cards(wanted.modelId)
  const never = neverPossible({ ...wanted, minNodes }, card)
  if (never || !card) return never
  if (validate) {
    const result = place(master.state(), card, { ...wanted, minNodes })
    if (result.status === 'refused') return refusal('cannot_place', result.error.reason)
  }
  return master.submit({ type: 'CreateMetaInstance', metaInstanceId: id, minNodes, ...wanted })
}

const update = (master: CommandTaker, step: StepOf<'updateMetaInstance'>, cards: Cards): Refusal | undefined => {
  const { at: _at, do: _do, via: _via, id, ...wanted } = step
  const changes = requestedChanges(wanted)
  const known = master.state().metaInstances[id]
  if (known) {
    const complete = withChanges(known, changes)
    const never = neverPossible(complete, cards(complete.modelId))
    if (never) return never
  }
  return master.submit({ type: 'UpdateMetaInstance', metaInstanceId: id, changes })
}

const placeInstance = (master: CommandTaker, step: StepOf<'placeInstance'>, cards: Cards): Refusal | undefined => {
  const { at: _at, do: _do, via: _via, id, minNodes = 1, ...wanted } = step
  const card = cards(wanted.modelId)
  const never = neverPossible({ ...wanted, minNodes }, card)
  if (never || !card) return never
  return master.submit({ type: 'PlaceInstance', instanceId: id, card, minNodes, ...wanted })
}

const COMMAND_STEPS = [
  ...([
    'createMetaInstance',
    'updateMetaInstance',
    'deleteMetaInstance',
    'restartMetaInstance',
    'wakeMetaInstance',
  ] as const),
  ...(['placeInstance', 'deleteInstance', 'cancelTask'] as const),
  ...(['renameMember', 'drainMember', 'changeSetting', 'createApiKey', 'updateApiKey', 'revokeApiKey'] as const),
] satisfies readonly Step['do'][]

export type CommandStep = StepOf<(typeof COMMAND_STEPS)[number]>

const commandSteps: ReadonlySet<Step['do']> = new Set(COMMAND_STEPS)

export const isCommandStep = (step: Step): step is CommandStep => commandSteps.has(step.do)

/** Sends the command of a step; returns the refusal, if any. */
export const sendCommand = (master: CommandTaker, step: CommandStep, cards: Cards): Refusal | undefined => {
  switch (step.do) {
    case 'createMetaInstance':
      return create(master, step, cards)
    case 'updateMetaInstance':
      return update(master, step, cards)
    case 'deleteMetaInstance':
      return master.submit({ type: 'DeleteMetaInstance', metaInstanceId: step.id })
    case 'restartMetaInstance':
      return master.submit({ type: 'RestartMetaInstance', metaInstanceId: step.id })
    case 'wakeMetaInstance': {
      const { id, idleSeconds } = step
      const onRequest = idleSeconds === undefined ? {} : { idleSeconds }
      return master.submit({ type: 'WakeMetaInstance', metaInstanceId: id, onRequest })
    }
    case 'placeInstance':
      return placeInstance(master, step, cards)
    case 'deleteInstance':
      return master.submit({ type: 'DeleteInstance', instanceId: step.id })
    case 'cancelTask':
      return master.submit({ type: 'CancelTask', taskId: step.id })
    case 'renameMember':
      return master.submit({ type: 'RenameMember', nodeId: step.node, friendlyName: step.friendlyName })
    case 'drainMember':
      return master.submit({ type: 'DrainMember', nodeId: step.node, drained: step.drained })
    case 'changeSetting':
      return master.submit({ type: 'ChangeSetting', change: step.change })
    case 'createApiKey': {
      const { id: apiKeyId, name, limits } = step
      return master.submit({ type: 'CreateApiKey', apiKey: { apiKeyId, name, hash: `hash of ${apiKeyId}`, limits } })
    }
    case 'updateApiKey':
      return master.submit({ type: 'UpdateApiKey', apiKeyId: step.id, changes: step.changes })
    case 'revokeApiKey':
      return master.submit({ type: 'RevokeApiKey', apiKeyId: step.id })
  }
}
