import type { InstanceId, MetaInstanceId, NodeId } from '../ids'
import type { State } from '../state/state'
import type { WarningSubject } from './warning'

/** A failure on a machine, with its error text. */
export interface Failure {
  readonly text: string
  /** Undefined if the text names no machine. */
  readonly nodeId: NodeId | undefined
  readonly subject: WarningSubject
}

/** Splits `Mac Studio: out of memory; MacBook Pro: …` by machine; a text without names is one part without a node. */
const partsOf = (state: State, text: string): Pick<Failure, 'text' | 'nodeId'>[] => {
  const names = Object.values(state.members).map(({ nodeId, friendlyName }) => ({ nodeId, start: `${friendlyName}: ` }))
  const parts: { text: string; nodeId: NodeId | undefined }[] = []
  for (const piece of text.split('; ')) {
    const named = names.find(({ start }) => piece.startsWith(start))
    const before = parts.at(-1)
    if (named) parts.push({ text: piece.slice(named.start.length), nodeId: named.nodeId })
    // An error text may contain a semicolon itself.
    else if (before) before.text += `; ${piece}`
    else parts.push({ text: piece, nodeId: undefined })
  }
  return parts
}

const subjectOf = (state: State, instanceId: InstanceId): WarningSubject => {
  const metaInstanceId: MetaInstanceId | undefined = state.instances[instanceId]?.metaInstanceId
  return metaInstanceId === undefined ? { kind: 'instance', instanceId } : { kind: 'metaInstance', metaInstanceId }
}

/** Returns all failures in the state: those of declarations until they recover, and those of runners. */
export const failuresIn = (state: State): Failure[] => [
  ...Object.values(state.metaInstances).flatMap(({ metaInstanceId, lastFailureError }): Failure[] =>
    lastFailureError === undefined
      ? []
      : partsOf(state, lastFailureError).map((part) => ({
          ...part,
          subject: { kind: 'metaInstance', metaInstanceId },
        })),
  ),
  ...Object.values(state.runners).flatMap((runner): Failure[] =>
    runner.status === 'Failed'
      ? [{ text: runner.errorMessage, nodeId: runner.nodeId, subject: subjectOf(state, runner.instanceId) }]
      : [],
  ),
]
