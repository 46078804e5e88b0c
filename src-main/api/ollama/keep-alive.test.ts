import { describe, expect, it } from 'vitest'
import { KeepAlive } from './keep-alive'

describe('how long a model is kept', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['300', 300_000],
    [300, 300_000],
    [0, 0],
    ['0', 0],
    [-1, Infinity],
    ['-1', Infinity],
    ['-1m', Infinity],
    [1e300, Infinity],
    ['99999999999999h', Infinity],
    ['876000h', 876_000 * 3_600_000],
  ])('%j is %d milliseconds', (given, milliseconds) => {
    expect(KeepAlive.parse(given)).toBe(milliseconds)
  })

  it.each(['soon', '', '5 m', '5x', true, null])('%j is refused', (given) => {
    expect(KeepAlive.safeParse(given).success).toBe(false)
  })
})
