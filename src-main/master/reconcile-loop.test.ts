import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Event } from '@core/events/event'
import { readyWorld, World } from '@core/testing/world'
import { systemTimers } from './host'
import { ReconcileLoop } from './reconcile-loop'
import { wallTime } from '@core/time/clocks'

let loop: ReconcileLoop | undefined
beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => {
  loop?.stop()
  vi.useRealTimers()
})

/** A loop over a world. `passes`: the start times of its passes. */
const loopOver = (world: World, options: { heard?: () => Record<string, number> } = {}) => {
  const passes: number[] = []
  const applied: Event[][] = []
  const needs: string[] = []
  let clock = 0
  const now = (): number => Date.now() + clock
  loop = new ReconcileLoop({
    timers: systemTimers,
    state: () => world.state,
    apply: (events) => {
      applied.push([...events])
      world.now = now()
      world.apply(...events)
    },
    need: ({ modelId }) => needs.push(modelId),
    cards: () => world.cards,
    heard:
      options.heard ??
      (() => {
        passes.push(now())
        return Object.fromEntries(Object.keys(world.state.nodes).map((id) => [id, now()]))
      }),
    ids: world.ids,
    now,
    wall: () => wallTime(now()),
    onFailure: (manager, error) => {
      throw new Error(manager, { cause: error })
    },
  })
  return { loop, passes, applied, needs, setClock: (by: number) => void (clock = by) }
}

const passed = async (one: ReconcileLoop): Promise<void> => {
  const done = one.nextPass()
  await vi.advanceTimersByTimeAsync(0)
  await done
}

describe('the reconcile loop', () => {
  it('makes one pass for many calls, after the current turn of the event loop', async () => {
    const { loop, passes } = loopOver(new World())
    for (let call = 0; call < 10; call += 1) loop.schedulePass()
    expect(passes).toEqual([])
    await passed(loop)
    expect(passes).toEqual([1_000_000])
  })

  it('places a declaration without waiting for a tick', async () => {
    const world = new World()
    world.addNode('Mac Studio')
    const { loop, applied } = loopOver(world)
    await passed(loop)
    world.declare()
    await passed(loop)
    expect(applied.flat().map(({ type }) => type)).toEqual(['InstanceCreated'])
    expect(Date.now()).toBe(1_000_000)
  })

  it('requests missing model cards', async () => {
    const world = new World()
    world.addNode('Mac Studio')
    world.cards = {}
    world.declare()
    const { loop, needs } = loopOver(world)
    await passed(loop)
    expect(needs).toEqual(['m/small'])
  })

  it('makes a pass at least once a second', async () => {
    const { passes } = loopOver(new World())
    await vi.advanceTimersByTimeAsync(5100)
    expect(passes.length).toBeGreaterThanOrEqual(6)
    expect(Math.max(...passes.slice(1).map((time, at) => time - (passes[at] ?? 0)))).toBeLessThanOrEqual(1001)
  })

  it('makes a pass exactly at a deadline', async () => {
    const { world, id } = readyWorld()
    const { loop, passes } = loopOver(world)
    await passed(loop)
    await vi.advanceTimersByTimeAsync(300)
    world.now = Date.now()
    world.apply({
      type: 'InstanceDeleted',
      instanceId: world.instance(id).instanceId,
      failureError: 'out of memory',
      cause: 'runners',
    })
    const declared = { ...world.metaInstance(id), replacements: 2 }
    const at = Date.now() + 137
    world.state = { ...world.state, metaInstances: { [id]: { ...declared, nextAttemptAt: at } } }
    await passed(loop)
    expect(Object.keys(world.state.instances)).toEqual([])
    await vi.advanceTimersByTimeAsync(140)
    const lateness = (passes.at(-1) ?? 0) - at
    expect(lateness).toBeGreaterThanOrEqual(0)
    expect(lateness).toBeLessThanOrEqual(1)
    expect(world.metaInstance(id).nextAttemptAt).toBeUndefined()
  })

  it.each([
    ['was set forward', 3_600_000],
    ['was set back', -3_600_000],
  ])('lets no node time out because the clock %s', async (_how, jump) => {
    const { world } = readyWorld()
    const since = 1_000_000
    const { loop, applied, setClock } = loopOver(world, { heard: () => ({ 'Mac Studio': since }) })
    await passed(loop)
    setClock(jump)
    await passed(loop)
    await vi.advanceTimersByTimeAsync(5000)
    expect(applied.flat().map(({ type }) => type)).not.toContain('NodeTimedOut')
  })

  it('times out a node that is not heard, if the clock was not set', async () => {
    const { world } = readyWorld()
    const { applied } = loopOver(world, { heard: () => ({ 'Mac Studio': 1_000_000 }) })
    await vi.advanceTimersByTimeAsync(29_000)
    expect(applied.flat().map(({ type }) => type)).not.toContain('NodeTimedOut')
    await vi.advanceTimersByTimeAsync(3000)
    expect(applied.flat().map(({ type }) => type)).toContain('NodeTimedOut')
  })

  it('makes no pass once it is stopped', async () => {
    const { loop, passes } = loopOver(new World())
    await passed(loop)
    const waiting = loop.nextPass()
    loop.stop()
    await waiting
    loop.schedulePass()
    await vi.advanceTimersByTimeAsync(5000)
    expect(passes).toHaveLength(1)
  })
})

describe('a storm', () => {
  it('of passes that repeat the same decisions is logged once, and pauses the loop', async () => {
    const world = new World()
    world.addNode('Mac Studio')
    world.declare()
    let failures = 0
    let passes = 0
    const lost = world.state
    loop = new ReconcileLoop({
      timers: systemTimers,
      // Its decisions have no effect: the state never changes.
      state: () => lost,
      apply: () => {
        passes += 1
        loop?.schedulePass()
      },
      need: () => undefined,
      cards: () => world.cards,
      heard: () => ({ 'Mac Studio': Date.now() }),
      ids: world.ids,
      now: () => Date.now(),
      wall: () => wallTime(Date.now()),
      onFailure: (_manager, error) => {
        failures += 1
        expect(String(error)).toContain('InstanceCreated')
      },
    })
    await vi.advanceTimersByTimeAsync(4000)
    expect(failures).toBe(1)
    const before = passes
    await vi.advanceTimersByTimeAsync(4000)
    expect(passes - before).toBeLessThanOrEqual(27)
    expect(failures).toBe(2)
  })
})
