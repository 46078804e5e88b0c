import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { compareLogs, cutAfter, emptyLog, lastCommon, type LogEnd } from './log-end'

/** `log(5, [1, 'a', 1], [2, 'b', 4])`: five records, those from the fourth on by b in term 2. */
const log = (sequence: number, ...epochs: [number, string, number][]): LogEnd => ({
  sequence,
  epochs: epochs.map(([term, master, from]) => ({ term, master: NodeId.parse(master), from })),
})

describe('two logs', () => {
  it('have all of the shorter one in common where the same masters wrote it', () => {
    expect(lastCommon(log(5, [1, 'a', 1]), log(3, [1, 'a', 1]))).toBe(3)
    expect(lastCommon(log(5, [1, 'a', 1], [2, 'b', 4]), log(9, [1, 'a', 1], [2, 'b', 4], [3, 'a', 7]))).toBe(5)
  })

  it('part where one master ended earlier, or another one wrote', () => {
    expect(lastCommon(log(9, [1, 'a', 1]), log(6, [1, 'a', 1], [2, 'b', 4]))).toBe(3)
    expect(lastCommon(log(9, [1, 'a', 1], [2, 'a', 4]), log(9, [1, 'a', 1], [2, 'b', 4]))).toBe(3)
    expect(lastCommon(log(9, [1, 'a', 1]), log(9, [1, 'b', 1]))).toBe(0)
    expect(lastCommon(emptyLog, log(9, [1, 'b', 1]))).toBe(0)
  })

  it('are compared by their last term, then by their length', () => {
    expect(compareLogs(log(4, [1, 'a', 1], [2, 'a', 4]), log(9, [1, 'a', 1]))).toBeGreaterThan(0)
    expect(compareLogs(log(4, [1, 'a', 1]), log(9, [1, 'a', 1]))).toBeLessThan(0)
    expect(compareLogs(emptyLog, emptyLog)).toBe(0)
  })

  it('lose the epochs that are cut off', () => {
    expect(cutAfter(log(9, [1, 'a', 1], [2, 'b', 4]), 3)).toEqual(log(3, [1, 'a', 1]))
    expect(cutAfter(log(9, [1, 'a', 1], [2, 'b', 4]), 4)).toEqual(log(4, [1, 'a', 1], [2, 'b', 4]))
    expect(cutAfter(log(2, [1, 'a', 1]), 7)).toEqual(log(2, [1, 'a', 1]))
  })
})
