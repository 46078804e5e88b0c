import { expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { World } from '@core/testing/world'
import { Membership } from './membership'

const cluster = () => {
  const world = new World()
  const self = world.addNode('Mac mini')
  const other = world.addNode('Mac Studio')
  return { world, self, other, stranger: NodeId.parse('f'.repeat(64)) }
}
const nobody = new World().state

it('a node is alone until an admission or its state names others', () => {
  const { world, self, other, stranger } = cluster()
  expect(new Membership({ self, admittedBy: [] }, nobody).isAlone).toBe(true)
  expect(new Membership({ self, admittedBy: [stranger] }, nobody).all).toEqual([self, stranger])
  expect(new Membership({ self, admittedBy: [] }, world.state).all).toEqual([self, other])
})

it('an admission no longer counts once the state names this node', () => {
  const { world, self, other, stranger } = cluster()
  const membership = new Membership({ self, admittedBy: [stranger] }, nobody)
  expect(membership.update(world.state, { isLeaders: true })).toBe(false)
  expect(membership.all).toEqual([self, other])
})

it('a node was removed if the state no longer names it but names others', () => {
  const { world, self, other } = cluster()
  const membership = new Membership({ self, admittedBy: [] }, world.state)
  const { [self]: _, ...others } = world.state.members
  expect(membership.update({ ...world.state, members: others }, { isLeaders: true })).toBe(true)
  expect(membership.all).toEqual([self, other])
})

it('a state without members removes no node: it is a new cluster', () => {
  const { world, self } = cluster()
  const membership = new Membership({ self, admittedBy: [] }, world.state)
  expect(membership.update(nobody, { isLeaders: false })).toBe(false)
})

it('a leader that a member vouches for is a member until a leader’s state says who is one', () => {
  const { world, self, other, stranger } = cluster()
  const membership = new Membership({ self, admittedBy: [] }, world.state)
  membership.vouch(stranger)
  membership.update(world.state, { isLeaders: false })
  expect(membership.all).toEqual([self, other, stranger])
  membership.update({ ...world.state, masterNodeId: stranger }, { isLeaders: true })
  expect(membership.all).toEqual([self, other])
})

it('a leader that was vouched for is no member if another node leads in the end and does not know it', () => {
  const { world, self, other, stranger } = cluster()
  const membership = new Membership({ self, admittedBy: [] }, world.state)
  membership.vouch(stranger)
  membership.update({ ...world.state, masterNodeId: other }, { isLeaders: true })
  expect(membership.all).toEqual([self, other])
})
