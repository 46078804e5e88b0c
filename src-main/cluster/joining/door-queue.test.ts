import { expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { DoorQueue, MOST_FROM_ONE, MOST_STRANGERS } from './door-queue'

const opened = () => {
  const queue = new DoorQueue()
  const inside = new Map<string, () => void>()
  const come = (name: string, remoteAddress: string, isKnown = () => false): void => {
    const giveWay = (): void => void inside.delete(name)
    inside.set(name, queue.enter({ nodeId: NodeId.parse(name), remoteAddress, isKnown, giveWay }))
  }
  return { inside, come, names: () => [...inside.keys()] }
}

it('lets one address wait a few times, and its longest waiting one gives way to the next', () => {
  const { come, names } = opened()
  for (let at = 0; at < 100; at += 1) come(`n${at}`, '10.0.0.1')
  expect(names()).toEqual(Array.from({ length: MOST_FROM_ONE }, (_, at) => `n${100 - MOST_FROM_ONE + at}`))
})

it('keeps a stranger who waits for a person, whatever one other address does, and counts a network of IPv6 as one', () => {
  const { come, names } = opened()
  come('laptop', '10.0.0.2')
  for (let at = 0; at < 100; at += 1) come(`n${at}`, `2001:db8:1:2::${at.toString(16)}`)
  for (let at = 0; at < 100; at += 1) come(`m${at}`, '10.0.0.1')
  expect(names()).toContain('laptop')
  expect(names().length).toBeLessThanOrEqual(MOST_STRANGERS)
})

it('is never full of strangers: the next one comes in, and the longest waiting of the most gives way', () => {
  const { come, names } = opened()
  for (let at = 0; at < 100; at += 1) come(`n${at}`, `10.0.0.${at}`)
  expect(names()).toHaveLength(MOST_STRANGERS)
  expect(names().at(-1)).toBe('n99')
})

it('sends nobody away who is known, also where it became so while it waited', () => {
  const { come, names } = opened()
  let hasInvitation = false
  come('invited', '10.0.0.9', () => hasInvitation)
  come('member', '10.0.0.9', () => true)
  hasInvitation = true
  for (let at = 0; at < 100; at += 1) come(`n${at}`, `10.0.0.${at % 10}`)
  expect(names()).toEqual(expect.arrayContaining(['invited', 'member']))
  expect(names()).toHaveLength(MOST_STRANGERS + 2)
})

it('has a machine wait once, and room again where one has left', () => {
  const { come, inside, names } = opened()
  for (let at = 0; at < 3; at += 1) come('n', '10.0.0.1')
  expect(names()).toEqual(['n'])
  for (let at = 0; at < MOST_STRANGERS - 1; at += 1) come(`n${at}`, `10.0.1.${at}`)
  inside.get('n0')?.()
  inside.delete('n0')
  come('next', '10.0.2.1')
  expect(names()).toContain('n')
})
