import { describe, expect, it } from 'vitest'
import { recordHeartbeat, DEFAULT_LIMITS, discountPause, freshSigns, stall, verdict } from './watchdog'

const seconds = (count: number) => count * 1000

describe('the watchdog', () => {
  it('says that a runner hangs after 5 s without a heartbeat', () => {
    const signs = { ...freshSigns(0), greeted: true, ready: true }
    expect(verdict(signs, DEFAULT_LIMITS, seconds(5))).toBeUndefined()
    expect(verdict(signs, DEFAULT_LIMITS, seconds(5) + 1)).toBe('it hangs: no heartbeat for 5 s')
  })

  it('says that a runner hangs after 60 s of work without a token', () => {
    const signs = { ...freshSigns(0), greeted: true, ready: true }
    for (let second = 1; second <= 60; second += 1) recordHeartbeat(signs, { steps: 7, active: 1 }, seconds(second))
    expect(verdict(signs, DEFAULT_LIMITS, seconds(61))).toBeUndefined()
    recordHeartbeat(signs, { steps: 7, active: 1 }, seconds(61) + 1)
    expect(verdict(signs, DEFAULT_LIMITS, seconds(61) + 1)).toBe('it hangs: no token for 60 s')
  })

  it('lets a runner without work stand still', () => {
    const signs = { ...freshSigns(0), greeted: true, ready: true }
    for (let second = 1; second <= 600; second += 1) recordHeartbeat(signs, { steps: 7, active: 0 }, seconds(second))
    expect(verdict(signs, DEFAULT_LIMITS, seconds(600))).toBeUndefined()
  })

  it('gives a start without progress 120 s', () => {
    const signs = freshSigns(0)
    expect(verdict(signs, DEFAULT_LIMITS, seconds(120))).toBeUndefined()
    expect(verdict(signs, DEFAULT_LIMITS, seconds(120) + 1)).toBe('no progress for 120 s before it was ready')
  })

  it('lets a runner wait for hours that is not told yet what to load, as where another machine downloads it', () => {
    const signs = { ...freshSigns(0), greeted: true }
    for (let second = 1; second <= 36_000; second += 1) recordHeartbeat(signs, { steps: 0, active: 0 }, seconds(second))
    expect(verdict(signs, DEFAULT_LIMITS, seconds(36_000))).toBeUndefined()
    expect(verdict(signs, DEFAULT_LIMITS, seconds(36_006))).toBe('it hangs: no heartbeat for 5 s')
  })

  it('does not count time in which this process was paused', () => {
    const signs = { ...freshSigns(0), greeted: true, ready: true }
    discountPause(signs, seconds(600))
    expect(verdict(signs, DEFAULT_LIMITS, seconds(605))).toBeUndefined()
    expect(verdict(signs, DEFAULT_LIMITS, seconds(605) + 1)).toBe('it hangs: no heartbeat for 5 s')
  })

  it('reports a stall long before it kills the runner, and no other', () => {
    const signs = { ...freshSigns(0), greeted: true, ready: true }
    for (let second = 1; second <= 30; second += 1) recordHeartbeat(signs, { steps: 7, active: 0 }, seconds(second))
    expect(stall(signs, seconds(31))).toBeUndefined()
    expect(stall(signs, seconds(34))).toBe('no heartbeat for 4 s')
    for (let second = 34; second <= 50; second += 1) recordHeartbeat(signs, { steps: 8, active: 1 }, seconds(second))
    expect(stall(signs, seconds(50))).toBe('no token for 16 s although it has work')
    expect(verdict(signs, DEFAULT_LIMITS, seconds(50))).toBeUndefined()
    recordHeartbeat(signs, { steps: 9, active: 1 }, seconds(51))
    expect(stall(signs, seconds(51))).toBeUndefined()
  })
})
