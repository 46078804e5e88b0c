import { expect, it } from 'vitest'
import { ConnectionLimiter } from './connection-limiter'

const open = () => {
  const clock = { now: 0 }
  return { clock, limiter: new ConnectionLimiter(() => clock.now) }
}

it('turns connections away over the limit, and admits the next when one has closed', () => {
  const { limiter } = open()
  const standing = Array.from({ length: 16 }, () => limiter.enter('10.0.0.1'))
  expect(standing.every(Boolean)).toBe(true)
  expect(limiter.enter('10.0.0.1')).toBeUndefined()
  standing[0]?.()
  standing[0]?.()
  expect(limiter.enter('10.0.0.1')).toBeDefined()
  expect(limiter.enter('10.0.0.1')).toBeUndefined()
})

it('has room for a member while one address connects without end', () => {
  const { limiter } = open()
  for (let knock = 0; knock < 1000; knock += 1) limiter.enter('10.0.0.1')
  expect(limiter.enter('10.0.0.2')).toBeDefined()
})

it('throttles an address that connects and disconnects too quickly', () => {
  const { clock, limiter } = open()
  const knock = (): boolean => {
    const leave = limiter.enter('10.0.0.1')
    leave?.()
    return leave !== undefined
  }
  const passed = Array.from({ length: 200 }, knock).filter(Boolean).length
  expect(passed).toBe(64)
  clock.now += 1000
  expect(Array.from({ length: 200 }, knock).filter(Boolean)).toHaveLength(16)
})

it('counts all addresses of one IPv6 network as one', () => {
  const { limiter } = open()
  for (let host = 0; host < 16; host += 1) limiter.enter(`2001:db8:1:2::${host}`)
  expect(limiter.enter('2001:db8:1:2::ffff')).toBeUndefined()
  expect(limiter.enter('2001:db8:1:3::1')).toBeDefined()
})

it('limits the total over all addresses', () => {
  const { limiter } = open()
  const passed = Array.from({ length: 1000 }, (_, host) => limiter.enter(`10.1.${host >> 8}.${host & 255}`))
  expect(passed.filter(Boolean)).toHaveLength(128)
})
