import { expect, it } from 'vitest'
import { EVENT_SCHEMA_VERSION, type Event } from '@core/events/event'
import { CommandId, NodeId } from '@core/ids'
import { Violation } from '@core/simulation/chaos/invariants'
import { emptyState, type State } from '@core/state/state'
import { stampKey } from '@core/state/stamp'
import { AcknowledgedMembers } from './members'

const [a, b, c] = [NodeId.parse('a'), NodeId.parse('b'), NodeId.parse('c')]
const member = { nodeId: c, certificate: '', friendlyName: 'c' }

const isIn = (at: number): State => ({
  ...emptyState(),
  members: { [c]: { ...member, admittedAt: at } },
  stamps: { [stampKey('member', c)]: { created: { at, index: at, node: a }, fields: {} } },
})
const isOut = (at: number): State => ({ ...emptyState(), retired: { [c]: at } })

const told = () => {
  const members = new AcknowledgedMembers()
  const change = (event: Event, after: State, at: number, by: NodeId): void => {
    const commandId = CommandId.parse(`${by}-${at}`)
    members.decided({ v: EVENT_SCHEMA_VERSION, index: at, term: 1, at, commandId, event }, after, by)
    members.acknowledged(commandId)
  }
  return {
    members,
    letIn: (at: number, by: NodeId) => change({ type: 'MemberAdmitted', ...member }, isIn(at), at, by),
    remove: (at: number, by: NodeId) => change({ type: 'MemberRemoved', nodeId: c }, isOut(at), at, by),
  }
}

it('insists on the newest change of who is a member', () => {
  const { members, letIn, remove } = told()
  remove(1, a)
  expect(() => members.rest(isIn(1))).toThrow(Violation)
  letIn(2, b)
  expect(() => members.rest(isOut(1))).toThrow(Violation)
  members.rest(isIn(2))
})

it('insists on nothing that only a removed machine may have decided, and forbids it neither', () => {
  const { members, letIn, remove } = told()
  remove(1, a)
  letIn(2, b)
  members.forget(b)
  members.rest(isIn(2))
  members.rest(isOut(1))
})
