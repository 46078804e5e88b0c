import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ModelId } from '@core/ids'
import type { CardResult } from '@core/reconcile/index'
import { SMALL, smallCard } from '@core/testing/world'
import { systemTimers } from './host'
import { CardLoader } from './card-loader'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const loaded: CardResult = { status: 'loaded', card: smallCard }
const never = (): Promise<CardResult> => new Promise(() => {})

const loaderOf = (load: (modelId: ModelId) => Promise<CardResult>) => {
  const calls = vi.fn(load)
  const onResult = vi.fn()
  return {
    loader: new CardLoader({ load: calls, onResult, now: () => Date.now(), timers: systemTimers }),
    calls,
    onResult,
  }
}

/** Requests the card once a second, like reconcile passes. */
const passesFor = async (loader: CardLoader, seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second += 1) {
    loader.need(SMALL)
    await vi.advanceTimersByTimeAsync(1000)
  }
}

describe('a model card', () => {
  it('is loaded once for all declarations that need it, and requests a pass when it is loaded', async () => {
    const { loader, calls, onResult } = loaderOf(() => Promise.resolve(loaded))
    for (let need = 0; need < 5; need += 1) loader.need(SMALL)
    expect(loader.cards()).toEqual({})
    await passesFor(loader, 60)
    expect(calls).toHaveBeenCalledTimes(1)
    expect(onResult).toHaveBeenCalledTimes(1)
    expect(loader.cards()).toEqual({ [SMALL]: loaded })
  })

  it('that does not load within 10 s has failed, with that reason', async () => {
    const { loader, onResult } = loaderOf(never)
    loader.need(SMALL)
    await vi.advanceTimersByTimeAsync(9999)
    expect(onResult).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(loader.cards()).toEqual({ [SMALL]: { status: 'failed', reason: 'no answer in 10 s' } })
  })

  it('that loads slowly does not delay others', async () => {
    const other = ModelId.parse('m/other')
    const { loader } = loaderOf((modelId) => (modelId === SMALL ? never() : Promise.resolve(loaded)))
    loader.need(SMALL)
    loader.need(other)
    await vi.advanceTimersByTimeAsync(0)
    expect(loader.cards()).toEqual({ [other]: loaded })
  })

  it('that failed is loaded again with a backoff of 1, 2, 4, 8, 16, then 30 s', async () => {
    const times: number[] = []
    const began = Date.now()
    const { loader } = loaderOf(() => {
      times.push((Date.now() - began) / 1000)
      return Promise.reject(new Error('not found'))
    })
    await passesFor(loader, 130)
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121])
    expect(loader.cards()).toEqual({ [SMALL]: { status: 'failed', reason: 'not found' } })
  })

  it('is loaded again when the models have changed, even during a load', async () => {
    const answers: ((result: CardResult) => void)[] = []
    const { loader, onResult } = loaderOf(() => new Promise((resolve) => answers.push(resolve)))
    loader.need(SMALL)
    loader.invalidate()
    expect(onResult).toHaveBeenCalledTimes(1)
    loader.need(SMALL)
    answers[0]?.({ status: 'failed', reason: 'read too early' })
    await vi.advanceTimersByTimeAsync(0)
    expect(loader.cards()).toEqual({})
    answers[1]?.(loaded)
    await vi.advanceTimersByTimeAsync(0)
    expect(loader.cards()).toEqual({ [SMALL]: loaded })
  })
})
