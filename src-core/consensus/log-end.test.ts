import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import {
  compareLogs,
  cutAfter,
  emptyLog,
  EPOCHS_SENT,
  extended,
  goesOnFrom,
  lastCommon,
  withEpochsSince,
  withLatestEpochs,
  type LogEnd,
} from './log-end'

/** `log(5, [1, 'a', 1], [2, 'b', 4])`: five records, those from the fourth on by b in term 2. */
const log = (sequence: number, ...epochs: [number, string, number][]): LogEnd => ({
  sequence,
  epochs: epochs.map(([term, master, from]) => ({ term, master: NodeId.parse(master), from })),
})

const epochsOf = ({ epochs }: LogEnd) =>
  epochs.map(({ term, master, from }): [number, string, number] => [term, master, from])

describe('two logs', () => {
  it('share all of the shorter one if the same leaders wrote it', () => {
    expect(lastCommon(log(5, [1, 'a', 1]), log(3, [1, 'a', 1]))).toBe(3)
    expect(lastCommon(log(5, [1, 'a', 1], [2, 'b', 4]), log(9, [1, 'a', 1], [2, 'b', 4], [3, 'a', 7]))).toBe(5)
  })

  it('diverge where one leader’s records end earlier, or another leader wrote', () => {
    expect(lastCommon(log(9, [1, 'a', 1]), log(6, [1, 'a', 1], [2, 'b', 4]))).toBe(3)
    expect(lastCommon(log(9, [1, 'a', 1], [2, 'a', 4]), log(9, [1, 'a', 1], [2, 'b', 4]))).toBe(3)
    expect(lastCommon(log(9, [1, 'a', 1]), log(9, [1, 'b', 1]))).toBe(0)
    expect(lastCommon(emptyLog, log(9, [1, 'b', 1]))).toBe(0)
  })

  it('share nothing of a term that one leader began twice, the second time without knowing of the first', () => {
    const begun = (boot: string | undefined, sequence: number): LogEnd => {
      const { epochs, ...end } = log(sequence, [1, 'b', 1], [2, 'a', 4])
      return {
        ...end,
        epochs: epochs.map((epoch) => (epoch.term === 2 && boot !== undefined ? { ...epoch, boot } : epoch)),
      }
    }
    expect(lastCommon(begun('first', 9), begun('second', 6))).toBe(3)
    expect(lastCommon(begun('first', 9), begun('first', 6))).toBe(6)
    // An older version does not write which run of the program began it.
    expect(lastCommon(begun('first', 9), begun(undefined, 6))).toBe(6)
  })

  it('are compared by their last term, then by their length', () => {
    expect(compareLogs(log(4, [1, 'a', 1], [2, 'a', 4]), log(9, [1, 'a', 1]))).toBeGreaterThan(0)
    expect(compareLogs(log(4, [1, 'a', 1]), log(9, [1, 'a', 1]))).toBeLessThan(0)
    expect(compareLogs(emptyLog, emptyLog)).toBe(0)
  })

  it('continue one another if the same leaders wrote all of the shorter one, or if its epochs are forgotten', () => {
    const start = log(3, [1, 'a', 1])
    expect(goesOnFrom(log(9, [1, 'a', 1], [2, 'b', 4]), start)).toBe(true)
    expect(goesOnFrom(log(9, [1, 'a', 1], [2, 'b', 3]), start)).toBe(false)
    expect(goesOnFrom(log(2, [1, 'a', 1]), start)).toBe(false)
    expect(goesOnFrom(log(9, [1, 'b', 1]), emptyLog)).toBe(true)
    expect(goesOnFrom(log(9, [1, 'b', 5]), log(4))).toBe(true)
    const latest = withLatestEpochs(log(9, [1, 'b', 1], [2, 'b', 4]), 1)
    expect(goesOnFrom(latest, start)).toBe(true)
    expect(goesOnFrom(latest, log(5, [1, 'a', 1]))).toBe(false)
  })

  it('lose the epochs of the records that are cut off', () => {
    expect(cutAfter(log(9, [1, 'a', 1], [2, 'b', 4]), 3)).toEqual(log(3, [1, 'a', 1]))
    expect(cutAfter(log(9, [1, 'a', 1], [2, 'b', 4]), 4)).toEqual(log(4, [1, 'a', 1], [2, 'b', 4]))
    expect(cutAfter(log(2, [1, 'a', 1]), 7)).toEqual(log(2, [1, 'a', 1]))
  })
})

describe('a log that is described by its latest epochs', () => {
  const whole = log(50, [1, 'a', 1], [2, 'b', 10], [3, 'a', 20], [4, 'b', 30])

  it('is comparable if two logs diverged recently', () => {
    expect(lastCommon(withLatestEpochs(whole, 2), log(60, ...epochsOf(whole), [6, 'a', 45]))).toBe(44)
    expect(lastCommon(whole, withLatestEpochs(cutAfter(whole, 35), 1))).toBe(35)
  })

  it('is reported as not comparable otherwise', () => {
    const other = log(40, [1, 'a', 1], [2, 'b', 10], [5, 'c', 15])
    expect(lastCommon(withLatestEpochs(other, 1), whole)).toBeUndefined()
    expect(lastCommon(withLatestEpochs(other, 2), whole)).toBe(14)
    expect(lastCommon(other, withLatestEpochs(whole, 1))).toBeUndefined()
  })

  it('extends the log that it continues to the whole log', () => {
    const shorter = cutAfter(whole, 25)
    expect(extended(shorter, withEpochsSince(whole, 25))).toEqual(whole)
    expect(withEpochsSince(whole, 25)).toEqual({ ...log(50, [3, 'a', 20], [4, 'b', 30]), earlier: 2 })
    expect(extended(emptyLog, withEpochsSince(whole, 0))).toEqual(whole)
  })

  it('keeps a heartbeat below a kibibyte, however often the leader has changed', () => {
    const master = 'f'.repeat(64)
    const epochs = Array.from({ length: 5000 }, (_, at) => [at + 1, master, 10 * at + 1] as [number, string, number])
    const told = withLatestEpochs(log(50_000, ...epochs), EPOCHS_SENT)
    expect(JSON.stringify({ type: 'lead', term: 5000, log: told, followers: 3 }).length).toBeLessThan(1024)
  })
})
