import { expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { JoinQueue, MOST_FROM_ONE, MOST_STRANGERS } from './join-queue'

const opened = () => {
  const queue = new JoinQueue()
  const inside = new Map<string, () => void>()
  const come = (name: string, remoteAddress: string, isKnown = () => false): void => {
    const giveWay = (): void => void inside.delete(name)
    inside.set(name, queue.enter({ nodeId: NodeId.parse(name), remoteAddress, isKnown, giveWay }))
  }
  return { inside, come, names: () => [...inside.keys()] }
}

it('limits the requests of one address, dropping its oldest for the next', () => {
  const { come, names } = opened()
  for (let at = 0; at < 100; at += 1) come(`n${at}`, '10.0.0.1')
  expect(names()).toEqual(Array.from({ length: MOST_FROM_ONE }, (_, at) => `n${100 - MOST_FROM_ONE + at}`))
})

it('keeps a waiting request whatever another address sends, and counts an IPv6 network as one address', () => {
  const { come, names } = opened()
  come('laptop', '10.0.0.2')
  for (let at = 0; at < 100; at += 1) come(`n${at}`, `2001:db8:1:2::${at.toString(16)}`)
  for (let at = 0; at < 100; at += 1) come(`m${at}`, '10.0.0.1')
  expect(names()).toContain('laptop')
  expect(names().length).toBeLessThanOrEqual(MOST_STRANGERS)
})

it('always takes the next request, dropping the oldest of the address with the most', () => {
  const { come, names } = opened()
  for (let at = 0; at < 100; at += 1) come(`n${at}`, `10.0.0.${at}`)
  expect(names()).toHaveLength(MOST_STRANGERS)
  expect(names().at(-1)).toBe('n99')
})

it('drops no request of a known machine, also if it became known while waiting', () => {
  const { come, names } = opened()
  let hasInvitation = false
  come('invited', '10.0.0.9', () => hasInvitation)
  come('member', '10.0.0.9', () => true)
  hasInvitation = true
  for (let at = 0; at < 100; at += 1) come(`n${at}`, `10.0.0.${at % 10}`)
  expect(names()).toEqual(expect.arrayContaining(['invited', 'member']))
  expect(names()).toHaveLength(MOST_STRANGERS + 2)
})

it('keeps one request per machine, and has room again once one has left', () => {
  const { come, inside, names } = opened()
  for (let at = 0; at < 3; at += 1) come('n', '10.0.0.1')
  expect(names()).toEqual(['n'])
  for (let at = 0; at < MOST_STRANGERS - 1; at += 1) come(`n${at}`, `10.0.1.${at}`)
  inside.get('n0')?.()
  inside.delete('n0')
  come('next', '10.0.2.1')
  expect(names()).toContain('n')
})
