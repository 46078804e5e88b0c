import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { NodeId } from '@core/ids'
import { SharedIdentities } from './shared-identities'

const one = NodeId.parse('a'.repeat(64))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('an identity counts as shared while two machines show it, and is told once', () => {
  const told: boolean[] = []
  const shared = new SharedIdentities((_nodeId, { isShared }) => told.push(isShared))
  for (let second = 0; second < 600; second += 1) {
    shared.note(one)
    expect(shared.has(one)).toBe(true)
    vi.advanceTimersByTime(1000)
  }
  expect(told).toEqual([true])
})

it('an identity that only one machine has left is no longer shared', () => {
  const told: boolean[] = []
  const shared = new SharedIdentities((_nodeId, { isShared }) => told.push(isShared))
  shared.note(one)
  vi.advanceTimersByTime(60_000)
  expect(shared.has(one)).toBe(false)
  expect(told).toEqual([true, false])
})

it('nothing is told after the end', () => {
  const told: boolean[] = []
  const shared = new SharedIdentities((_nodeId, { isShared }) => told.push(isShared))
  shared.note(one)
  shared.close()
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual([true])
})
