import type { NodeId } from '@core/ids'
import type { WhatIfView } from '@core/protocols/control'
import { nodeName } from '@core/state/bindings'
import { onMachine } from '@core/state/drain'
import type { State } from '@core/state/state'

type WithoutMachine = WhatIfView['machines'][number]['declarations'][number]

/** `moves to Mac mini, about 21 tokens/s`; `stops: …`. */
export const fateText = (state: State, told: WithoutMachine): string => {
  if (told.fate === 'stops') return `has no other place: ${told.reason ?? 'no machine has room'}`
  const { nodeIds = [], tokensPerSecond } = told
  const speed = tokensPerSecond === undefined ? '' : `, about ${Math.round(tokensPerSecond)} tokens/s`
  return `moves to ${nodeIds.map((nodeId) => nodeName(state, nodeId)).join(' and ')}${speed}`
}

/** A machine that people took the models from, and how far that is. */
export interface DrainedMachine {
  readonly nodeId: NodeId
  readonly name: string
  readonly empty: boolean
  /** For people: what may be done with it now, or what is still on it. */
  readonly text: string
}

/** All machines that are drained, in the order in which they joined. */
export const drainedMachines = (state: State): DrainedMachine[] =>
  Object.values(state.members).flatMap(({ nodeId, friendlyName: name, drained }): DrainedMachine[] => {
    if (!drained) return []
    const remaining = onMachine(state, nodeId)
    const stuck = remaining.filter((one) => one.stuck !== undefined || one.metaInstanceId === undefined)
    const labels = (some: typeof remaining): string => some.map(({ label }) => label).join(', ')
    if (remaining.length === 0)
      return [{ nodeId, name, empty: true, text: 'It may sleep, be updated or be switched off.' }]
    return [
      {
        ...{ nodeId, name, empty: false },
        text:
          stuck.length === remaining.length
            ? `${labels(stuck)} has no other place and stays.`
            : `${labels(remaining)} is moving away.`,
      },
    ]
  })
