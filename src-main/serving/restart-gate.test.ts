import { describe, expect, it } from 'vitest'
import { HELD_MS, RestartGate } from './restart-gate'
import { monotonic } from '@core/time/clocks'

const caller = () => new AbortController()

/** Longer than any test waits. */
const NEVER_MS = 2 ** 30

/** Whether a promise has settled by now. */
const settled = async (work: Promise<unknown>): Promise<boolean> => {
  let done = false
  void work.then(() => (done = true))
  await new Promise((resolve) => setImmediate(resolve))
  return done
}

describe('requests at a node that restarts as planned', () => {
  it('begin as long as no restart has', async () => {
    expect(await new RestartGate().mayBegin(caller().signal, monotonic(performance.now()))).toBe(true)
  })

  it('are completed where another machine answers them', async () => {
    const gate = new RestartGate()
    const ends = [gate.forward(), gate.forward()]
    const drained = gate.drain(NEVER_MS)
    for (const end of ends) {
      expect(await settled(drained)).toBe(false)
      end()
    }
    expect(await settled(drained)).toBe(true)
  })

  it('are waited for no longer than the limit', async () => {
    const gate = new RestartGate()
    gate.forward()
    await gate.drain(1)
  })

  it('that come later wait until the others are completed, and do not begin', async () => {
    const gate = new RestartGate()
    gate.forward()
    void gate.drain(NEVER_MS)
    const late = gate.mayBegin(caller().signal, monotonic(performance.now()))
    expect(await settled(late)).toBe(false)
    const end = gate.request()
    const refused = gate.refuse(NEVER_MS)
    expect(await late).toBe(false)
    expect(await settled(refused)).toBe(false)
    end()
    expect(await settled(refused)).toBe(true)
  })

  it('may wait in any number, which Node does not take for a leak', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    const gate = new RestartGate()
    void gate.drain(NEVER_MS)
    const late = Array.from({ length: 30 }, () => gate.mayBegin(caller().signal, monotonic(performance.now())))
    await gate.refuse(NEVER_MS)
    expect(await Promise.all(late)).toEqual(late.map(() => false))
    // Node warns in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })

  it('that are given up meanwhile wait for nothing', async () => {
    const gate = new RestartGate()
    void gate.drain(NEVER_MS)
    const leaving = caller()
    const late = gate.mayBegin(leaving.signal, monotonic(performance.now()))
    leaving.abort()
    expect(await late).toBe(false)
  })

  it('are refused before a stream would send its headers, however long the drain takes', async () => {
    const gate = new RestartGate()
    gate.forward()
    void gate.drain(NEVER_MS)
    expect(await gate.mayBegin(caller().signal, monotonic(performance.now() - HELD_MS))).toBe(false)
  })
})
