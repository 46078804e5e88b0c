import { describe, expect, it } from 'vitest'
import { GB, World } from '@core/testing/world'
import { roomIn, sizeFit } from './hub-fit'

describe('the fit of a hub model', () => {
  it('is unknown without a machine', () => {
    expect(sizeFit(roomIn(new World().state), GB)).toBeUndefined()
  })

  it('names this machine, or what it lacks, if it is the only one', () => {
    const world = new World()
    world.addNode('Mac mini', { free: 10 * GB })
    expect(sizeFit(roomIn(world.state), 10 * GB)).toEqual({ fits: true, text: 'fits' })
    expect(sizeFit(roomIn(world.state), 12.5 * GB)).toEqual({ fits: false, text: 'needs 2.5 GB more memory' })
  })

  it('considers only machines that models are placed on', () => {
    const world = new World()
    world.addNode('Mac mini', { free: 10 * GB })
    world.addNode('MacBook Pro', { free: 60 * GB, cannotRun: 'There is no Python' })
    const drained = world.addNode('Mac Studio', { free: 60 * GB })
    world.apply({ type: 'MemberUpdated', nodeId: drained, friendlyName: 'Mac Studio', drained: true })
    expect([5, 50].map((size) => sizeFit(roomIn(world.state), size * GB)?.text)).toEqual([
      'fits',
      'needs 40 GB more memory',
    ])
  })

  it('names the one machine, counts several, and considers all of them together', () => {
    const world = new World()
    world.addNode('Mac mini', { free: 10 * GB })
    world.addNode('MacBook Pro', { free: 30 * GB })
    world.addNode('Mac Studio', { free: 60 * GB })
    expect([5, 20, 50, 80, 95, 110].map((size) => sizeFit(roomIn(world.state), size * GB)?.text)).toEqual([
      'fits any machine',
      'fits 2 machines',
      'fits Mac Studio',
      'fits 2 of your Macs together',
      'fits 3 of your Macs together',
      'needs 10 GB more memory',
    ])
  })
})
