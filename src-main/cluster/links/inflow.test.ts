import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Inflow, MESSAGES_PER_WINDOW, WINDOW_MS } from './inflow'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const open = () => {
  const did: string[] = []
  const socket = { pause: () => void did.push('pause'), resume: () => void did.push('resume') }
  const inflow = new Inflow({ socket, now: () => Date.now() })
  const take = (count: number): void => {
    for (let n = 0; n < count; n += 1) inflow.count()
  }
  return { inflow, did, take }
}

describe('what comes in over a link', () => {
  it('is read without a pause below the limit, for however long', () => {
    const { did, take } = open()
    for (let window = 0; window < 100; window += 1) {
      take(MESSAGES_PER_WINDOW - 1)
      vi.advanceTimersByTime(WINDOW_MS)
    }
    expect(did).toEqual([])
  })

  it('pauses the socket over the limit, once per window, every time', () => {
    const { did, take } = open()
    for (let window = 0; window < 3; window += 1) {
      take(MESSAGES_PER_WINDOW * 2)
      expect(did.splice(0)).toEqual(['pause'])
      vi.advanceTimersByTime(WINDOW_MS)
      expect(did.splice(0)).toEqual(['resume'])
    }
  })

  it('is left alone once the link is closed', () => {
    const { inflow, did, take } = open()
    take(MESSAGES_PER_WINDOW)
    inflow.close()
    vi.advanceTimersByTime(10 * WINDOW_MS)
    expect(did).toEqual(['pause'])
  })
})
