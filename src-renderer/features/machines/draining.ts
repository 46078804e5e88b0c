import type { NodeId } from '@core/ids'
import type { WhatIfView } from '@core/protocols/cluster'
import { nodeName } from '@core/state/bindings'
import { modelsOnMachine } from '@core/state/drain'
import type { State } from '@core/state/state'
import type { TextPart } from '@core/texts/translator'
import { shortName } from '../../state/text'
import { declaredName } from '../cluster/card'
import { endsText } from '../fits/ends-text'
import { formats, listText, placementFormats, t, tParts } from '../../state/texts.svelte'

type WithoutMachine = WhatIfView['machines'][number]['declarations'][number]

/** A declaration as its card calls it; an instance without one by its model. */
const calledOf = (state: State, metaInstanceId: string | undefined, modelId: string): string => {
  const declared = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
  return declared ? declaredName(declared) : shortName(modelId)
}

/** What becomes of a declaration without a machine: `chat moves to Mac mini, about 21 tokens/s`, or why it stops. */
export const fateParts = (state: State, nodeId: NodeId, outcome: WithoutMachine): readonly TextPart[] => {
  const { fate, nodeIds = [], tokensPerSecond } = outcome
  const model = calledOf(state, outcome.metaInstanceId, outcome.name)
  if (fate === 'stops') {
    const reason = outcome.error
      ? placementFormats().refusal(state, outcome.error, { leaves: nodeId })
      : (outcome.reason ?? t('machines.noRoom'))
    return outcome.others === undefined
      ? tParts('machines.fateStops', { model, reason })
      : tParts('machines.fateFewer', { model, reason })
  }
  const moves = { model, machines: listText(nodeIds.map((nodeId) => nodeName(state, nodeId))) }
  const parts =
    tokensPerSecond === undefined
      ? tParts('machines.fateMoves', moves)
      : tParts('machines.fateMovesSpeed', { ...moves, speed: formats().number(tokensPerSecond) })
  return outcome.ends ? [...parts, { text: ` · ${endsText(outcome.ends)}`, tag: undefined }] : parts
}

/** A drained machine and its progress. */
export interface DrainedMachine {
  readonly nodeId: NodeId
  readonly name: string
  readonly empty: boolean
  /** Text: what may be done with it, or what still runs on it. */
  readonly text: string
}

/** Drained machines, in order of joining. */
export const drainedMachines = (state: State): DrainedMachine[] =>
  Object.values(state.members).flatMap(({ nodeId, friendlyName: name, drained }): DrainedMachine[] => {
    if (!drained) return []
    const remaining = modelsOnMachine(state, nodeId)
    const stuck = remaining.filter((one) => one.stuck !== undefined || one.metaInstanceId === undefined)
    const named = (some: typeof remaining) => ({
      models: listText(some.map(({ metaInstanceId, label }) => calledOf(state, metaInstanceId, label))),
      count: some.length,
    })
    if (remaining.length === 0) return [{ nodeId, name, empty: true, text: t('machines.drainedEmpty') }]
    return [
      {
        ...{ nodeId, name, empty: false },
        text:
          stuck.length === remaining.length
            ? t('machines.drainedStuck', named(stuck))
            : t('machines.drainedMoving', named(remaining)),
      },
    ]
  })
