import { expect, it } from 'vitest'
import { RunnerId } from '@core/ids'
import { ServingTimes } from './serving-times'

const one = RunnerId.parse('one')
let now = 1000
const times = () => new ServingTimes(() => now)

it('counts from the first status with which a runner serves, through requests and repeated reports', () => {
  const serving = times()
  expect(serving.of(one, { status: 'WarmingUp' })).toBeUndefined()
  expect(serving.of(one, { status: 'Ready' })).toBe(0)
  now += 500
  expect(serving.of(one, { status: 'Running' })).toBe(500)
  now += 500.4
  expect(serving.of(one, { status: 'Ready' })).toBe(1000)
  expect(serving.of(RunnerId.parse('other'), { status: 'Ready' })).toBe(0)
})

it('counts anew after the runner has ended', () => {
  const serving = times()
  serving.of(one, { status: 'Ready' })
  now += 500
  expect(serving.of(one, { status: 'Shutdown' })).toBeUndefined()
  expect(serving.of(one, { status: 'Ready' })).toBe(0)
})
