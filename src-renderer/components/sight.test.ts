import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Sight } from './sight.svelte'

/** Replaces the browser's observer: the test decides what comes into view. */
class FakeObserver {
  static readonly all: FakeObserver[] = []
  readonly observed = new Set<Element>()
  connected = true

  constructor(private readonly tell: (entries: readonly { target: Element; isIntersecting: boolean }[]) => void) {
    FakeObserver.all.push(this)
  }

  observe(element: Element): void {
    this.observed.add(element)
  }

  unobserve(element: Element): void {
    this.observed.delete(element)
  }

  disconnect(): void {
    this.connected = false
  }

  show(...targets: readonly Element[]): void {
    this.tell([...this.observed].map((target) => ({ target, isIntersecting: targets.includes(target) })))
  }
}

beforeEach(() => {
  FakeObserver.all.length = 0
  vi.stubGlobal('IntersectionObserver', FakeObserver)
})
afterEach(() => void vi.unstubAllGlobals())

describe('the entries of a long list', () => {
  it('are drawn completely once they come into view, and stay so', () => {
    const sight = new Sight()
    const elements = ['a', 'b', 'c'].map((key) => {
      const element = document.createElement('article')
      const leave = sight.entry(key)(element)
      return { key, element, leave }
    })
    const [observer, ...others] = FakeObserver.all
    const [first] = elements
    if (!observer || !first) throw new Error('nothing is observed')
    expect(others).toEqual([])
    expect(elements.map(({ key }) => sight.has(key))).toEqual([false, false, false])
    observer.show(first.element)
    observer.show()
    expect(elements.map(({ key }) => sight.has(key))).toEqual([true, false, false])
    expect(observer.observed.has(first.element)).toBe(false)
    for (const { leave } of elements) leave?.()
    expect([observer.observed.size, observer.connected]).toEqual([0, false])
  })
})
