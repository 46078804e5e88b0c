import { beforeEach, describe, expect, it } from 'vitest'
import { RarelyRead } from './rarely-read'

describe('what takes long to read', () => {
  let now: number
  let readings: { resolve: (value: string | undefined) => void; reject: (error: Error) => void }[]
  let news: number
  let value: RarelyRead<string>
  beforeEach(() => {
    now = 0
    readings = []
    news = 0
    value = new RarelyRead({
      read: () => new Promise((resolve, reject) => readings.push({ resolve, reject })),
      onRead: () => (news += 1),
      now: () => now,
      soonest: 1000,
      longest: 4000,
    })
  })
  const answer = async (answered: string | undefined) => {
    readings.at(-1)?.resolve(answered)
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
  }

  it('returns the last value without waiting', async () => {
    expect(value.look('a')).toBeUndefined()
    expect(value.look('a')).toBeUndefined()
    expect(readings).toHaveLength(1)
    await answer('first')
    expect(news).toBe(1)
    expect(value.look('a')).toBe('first')
    expect(readings).toHaveLength(1)
  })

  it('is read again ever more rarely, and at once when the mark changes', async () => {
    const at: number[] = []
    for (; now <= 12_000; now += 500) {
      value.look('a')
      if (readings.length > at.length) {
        at.push(now)
        await answer(`at ${now}`)
      }
    }
    expect(at).toEqual([0, 1000, 3000, 7000, 11_000])
    value.look('b')
    expect(readings).toHaveLength(6)
    await answer('other')
    now += 1000
    expect(value.look('b')).toBe('other')
    expect(readings).toHaveLength(7)
  })

  it('is read again if the mark changed during the reading', async () => {
    value.look('a')
    value.look('b')
    expect(readings).toHaveLength(1)
    await answer('of a')
    value.look('b')
    expect(readings).toHaveLength(2)
  })

  it('keeps its value when a reading fails, unless the mark has changed', async () => {
    value.look('a')
    await answer('known')
    now += 1000
    value.look('a')
    readings.at(-1)?.reject(new Error('too slow'))
    await Promise.resolve()
    await answer(undefined)
    expect(value.look('a')).toBe('known')
    value.look('b')
    await answer(undefined)
    expect(value.look('b')).toBeUndefined()
  })
})
