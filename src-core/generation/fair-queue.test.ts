import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf, FairQueue, MAX_COST } from './fair-queue'

interface Waiting {
  readonly key: string
  readonly number: number
}

const keys = ['a', 'b', 'c', 'd'] as const
const requests = fc.array(fc.record({ key: fc.constantFrom(...keys), cost: fc.integer({ min: 1, max: MAX_COST }) }), {
  maxLength: 60,
})
/** Events of a queue: a request arrives, the next is dequeued, or a waiting one leaves. */
const events = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('add' as const),
        key: fc.constantFrom(...keys),
        cost: fc.integer({ min: 1, max: MAX_COST }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('take' as const) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('leave' as const), at: fc.nat() }) },
  ),
  { maxLength: 200 },
)

const drain = (queue: FairQueue<Waiting>): Waiting[] => {
  const taken: Waiting[] = []
  for (let next = queue.next(); next !== undefined; next = queue.next()) taken.push(next)
  return taken
}

describe('a fair queue', () => {
  it('takes the single request of one key next, though another has 500 waiting', () => {
    const queue = new FairQueue<Waiting>()
    for (let number = 0; number < 500; number += 1) queue.add('many', { key: 'many', number })
    queue.next()
    queue.add('one', { key: 'one', number: 0 })
    const taken = [queue.next(), queue.next()].map((next) => next?.key)
    expect(taken).toContain('one')
  })

  it('returns every request once, those of one key in order, and is then empty', () => {
    fc.assert(
      fc.property(requests, (all) => {
        const queue = new FairQueue<Waiting>()
        for (const [number, { key, cost }] of all.entries()) queue.add(key, { key, number }, cost)
        expect(queue.size).toBe(all.length)
        const taken = drain(queue)
        expect(taken).toHaveLength(all.length)
        for (const key of keys) {
          const numbers = taken.filter((one) => one.key === key).map(({ number }) => number)
          expect(numbers).toEqual([...all.entries()].flatMap(([number, one]) => (one.key === key ? [number] : [])))
        }
        expect([queue.size, ...keys.map((key) => queue.sizeOf(key)), ...queue.order()]).toEqual([0, 0, 0, 0, 0])
      }),
    )
  })

  it('predicts the order in which waiting requests are dequeued, also within a round', () => {
    fc.assert(
      fc.property(requests, fc.nat(20), (all, before) => {
        const queue = new FairQueue<Waiting>()
        for (const [number, { key, cost }] of all.entries()) queue.add(key, { key, number }, cost)
        for (let taken = 0; taken < before; taken += 1) queue.next()
        const told = queue.order()
        expect(queue.size).toBe(told.length)
        expect(drain(queue)).toEqual(told)
      }),
    )
  })

  it('dequeues at most the maximum cost of every other key’s requests while a key’s oldest one waits', () => {
    fc.assert(
      fc.property(events, (all) => {
        const queue = new FairQueue<Waiting>()
        const waiting = new Map<Waiting, () => void>()
        /**
         * For each key's oldest request: how many requests of every other key were dequeued since it was the oldest.
         */
        const passed = new Map<Waiting, Map<string, number>>()
        for (const [number, one] of all.entries()) {
          if (one.does === 'add') {
            const request = { key: one.key, number }
            waiting.set(request, queue.add(one.key, request, one.cost))
          } else if (one.does === 'leave') {
            const gone = [...waiting.keys()][one.at % Math.max(1, waiting.size)]
            if (gone) {
              waiting.get(gone)?.()
              waiting.delete(gone)
            }
          } else {
            const heads = keys.flatMap((key) => [...waiting.keys()].find((request) => request.key === key) ?? [])
            const taken = queue.next()
            // A request waits, so one is dequeued.
            expect(taken !== undefined).toBe(waiting.size > 0)
            if (!taken) continue
            waiting.delete(taken)
            for (const head of heads) {
              if (head === taken || head.key === taken.key) continue
              const counts = passed.get(head) ?? new Map<string, number>()
              passed.set(head, counts.set(taken.key, (counts.get(taken.key) ?? 0) + 1))
              expect(counts.get(taken.key)).toBeLessThanOrEqual(MAX_COST)
            }
          }
          expect(queue.size).toBe(waiting.size)
        }
      }),
    )
  })

  it('gives keys equal shares if all have enough requests waiting', () => {
    const queue = new FairQueue<Waiting>()
    for (let number = 0; number < 400; number += 1) {
      queue.add('large', { key: 'large', number }, MAX_COST)
      queue.add('small', { key: 'small', number }, 1)
    }
    const taken = Array.from({ length: 250 }, () => queue.next()?.key)
    expect(taken.filter((key) => key === 'large')).toHaveLength(50)
    expect(taken.filter((key) => key === 'small')).toHaveLength(200)
  })

  it.each([
    [0, 1],
    [1024, 1],
    [1025, 2],
    [1_000_000, MAX_COST],
  ])('counts a request of %i tokens as %i', (tokens, cost) => {
    expect(costOf(tokens)).toBe(cost)
  })
})
