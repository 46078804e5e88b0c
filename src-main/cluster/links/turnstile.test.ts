import { expect, it } from 'vitest'
import { Turnstile } from './turnstile'

const open = () => {
  const clock = { now: 0 }
  return { clock, turnstile: new Turnstile(() => clock.now) }
}

it('turns away more strangers than may stand at the door, and lets in the next when one has gone', () => {
  const { turnstile } = open()
  const standing = Array.from({ length: 16 }, () => turnstile.enter('10.0.0.1'))
  expect(standing.every(Boolean)).toBe(true)
  expect(turnstile.enter('10.0.0.1')).toBeUndefined()
  standing[0]?.()
  standing[0]?.()
  expect(turnstile.enter('10.0.0.1')).toBeDefined()
  expect(turnstile.enter('10.0.0.1')).toBeUndefined()
})

it('has room for a member while one stranger knocks without end', () => {
  const { turnstile } = open()
  for (let knock = 0; knock < 1000; knock += 1) turnstile.enter('10.0.0.1')
  expect(turnstile.enter('10.0.0.2')).toBeDefined()
})

it('slows down who comes and goes too quickly', () => {
  const { clock, turnstile } = open()
  const knock = (): boolean => {
    const leave = turnstile.enter('10.0.0.1')
    leave?.()
    return leave !== undefined
  }
  const passed = Array.from({ length: 200 }, knock).filter(Boolean).length
  expect(passed).toBe(64)
  clock.now += 1000
  expect(Array.from({ length: 200 }, knock).filter(Boolean)).toHaveLength(16)
})

it('counts all addresses of one IPv6 network as one', () => {
  const { turnstile } = open()
  for (let host = 0; host < 16; host += 1) turnstile.enter(`2001:db8:1:2::${host}`)
  expect(turnstile.enter('2001:db8:1:2::ffff')).toBeUndefined()
  expect(turnstile.enter('2001:db8:1:3::1')).toBeDefined()
})

it('keeps a total, from however many addresses they come', () => {
  const { turnstile } = open()
  const passed = Array.from({ length: 1000 }, (_, host) => turnstile.enter(`10.1.${host >> 8}.${host & 255}`))
  expect(passed.filter(Boolean)).toHaveLength(128)
})
