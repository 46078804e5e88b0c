import type { Envelope } from '@core/events/event'
import { fold } from '@core/fold/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId } from '@core/ids'
import { next } from '@core/events/next'
import { durablePart } from '@core/state/durable'
import { emptyState, type State } from '@core/state/state'

/** The log that all nodes start with: the first node founded the cluster and admitted the others. */
export interface Founding {
  readonly records: readonly LogRecord[]
  readonly state: State
}

export const foundingOf = (replicas: readonly NodeId[]): Founding => {
  const [master] = replicas
  if (master === undefined) return { records: [], state: emptyState() }
  const term = 1
  let state: State = { ...emptyState(), term }
  const admissions = replicas.map((nodeId, at): LogRecord => {
    const envelope: Envelope = next(state, { type: 'MemberAdmitted', nodeId, certificate: '', friendlyName: nodeId }, 0)
    state = fold(state, envelope)
    return { sequence: at + 2, kind: 'decision', envelope }
  })
  return { records: [{ sequence: 1, kind: 'term', term, master }, ...admissions], state: durablePart(state) }
}
