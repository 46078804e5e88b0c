import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { whenIdle } from './idle'

describe('work for when the window is idle', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('waits for the browser’s idle callback, within its limit', () => {
    const requested = vi.fn(() => 7)
    const cancelled = vi.fn()
    vi.stubGlobal('requestIdleCallback', requested)
    vi.stubGlobal('cancelIdleCallback', cancelled)
    const work = vi.fn()
    whenIdle(work, { withinMs: 500 })()
    expect(requested).toHaveBeenCalledWith(work, { timeout: 500 })
    expect(cancelled).toHaveBeenCalledWith(7)
  })

  it('runs soon in a browser without idle callbacks, such as Safari', () => {
    vi.stubGlobal('requestIdleCallback', undefined)
    Reflect.deleteProperty(globalThis, 'requestIdleCallback')
    const [work, calledOff] = [vi.fn(), vi.fn()]
    whenIdle(work)
    whenIdle(calledOff)()
    vi.runAllTimers()
    expect(work).toHaveBeenCalledOnce()
    expect(calledOff).not.toHaveBeenCalled()
  })
})
