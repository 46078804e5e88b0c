import type { InstanceId, MetaInstanceId, NodeId } from '../ids'
import type { State } from '../state/state'
import type { WarningSubject } from './warning'

/** What failed on a machine, in its own words. */
export interface Failure {
  readonly text: string
  /** Undefined where the text does not say whose it is. */
  readonly nodeId: NodeId | undefined
  readonly subject: WarningSubject
}

/** `Mac Studio: out of memory; MacBook Pro: …` in its parts; a text without names is one part that is nobody's. */
const partsOf = (state: State, text: string): Pick<Failure, 'text' | 'nodeId'>[] => {
  const names = Object.values(state.members).map(({ nodeId, friendlyName }) => ({ nodeId, start: `${friendlyName}: ` }))
  const parts: { text: string; nodeId: NodeId | undefined }[] = []
  for (const piece of text.split('; ')) {
    const named = names.find(({ start }) => piece.startsWith(start))
    const before = parts.at(-1)
    if (named) parts.push({ text: piece.slice(named.start.length), nodeId: named.nodeId })
    // An error may have a semicolon of its own.
    else if (before) before.text += `; ${piece}`
    else parts.push({ text: piece, nodeId: undefined })
  }
  return parts
}

const subjectOf = (state: State, instanceId: InstanceId): WarningSubject => {
  const metaInstanceId: MetaInstanceId | undefined = state.instances[instanceId]?.metaInstanceId
  return metaInstanceId === undefined ? { kind: 'instance', instanceId } : { kind: 'metaInstance', metaInstanceId }
}

/** Every failure that the state still knows: of declarations until they recover, and of runners. */
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
