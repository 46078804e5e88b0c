import { describe, expect, it } from 'vitest'
import { CommandId, NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { World } from '@core/testing/world'
import { AcknowledgedWrites } from './writes'

const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
const commandId = CommandId.parse('c1')

/** The same declaration as a leader makes it by its clock. */
const madeBy = (
  node: NodeId,
  after: number,
): { readonly state: State; readonly note: (to: AcknowledgedWrites) => void } => {
  const world = new World()
  world.state = { ...world.state, masterNodeId: node }
  world.wait(after).declare('d')
  const [event] = world.log.slice(-1)
  if (!event) throw new Error('nothing was declared')
  const envelope = {
    v: 1,
    index: world.state.lastEventIndex,
    term: 1,
    at: world.state.lastEventAt,
    event,
    commandId,
  } as const
  return { state: world.state, note: (to) => to.decided(envelope, world.state, node) }
}

describe('a write that two masters decided', () => {
  const [first, second] = [madeBy(a, 1000), madeBy(b, 5000)]

  it('counts from the first on, also where that machine was removed since', () => {
    for (const isRemoved of [false, true]) {
      const writes = new AcknowledgedWrites()
      for (const { note } of [first, second]) note(writes)
      writes.acknowledged(commandId)
      if (isRemoved) writes.forget(a)
      expect(() => writes.rest(first.state)).not.toThrow()
      expect(() => writes.rest(second.state)).not.toThrow()
    }
  })

  it('is lost where at rest there is an older one', () => {
    const writes = new AcknowledgedWrites()
    second.note(writes)
    writes.acknowledged(commandId)
    expect(() => writes.rest(first.state)).toThrow('is lost')
  })
})
