import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EndFollower } from './follows-end'

let sized = (): void => undefined
beforeEach(() => {
  // Without a layout nothing has a size: the test says when one has changed.
  class Sizes {
    constructor(told: () => void) {
      sized = told
    }
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  }
  vi.stubGlobal('ResizeObserver', Sizes)
})
afterEach(() => {
  vi.unstubAllGlobals()
  document.body.replaceChildren()
})

/** An element of 100 pixels whose content has a height; the test counts how often it is measured. */
const conversation = () => {
  const element = document.createElement('section')
  element.innerHTML = '<article></article>'
  document.body.append(element)
  const measured = vi.fn(() => size.height)
  const size = { height: 1000, top: 0 }
  Object.defineProperties(element, {
    clientHeight: { get: () => 100 },
    scrollHeight: { get: measured },
    scrollTop: { get: () => size.top, set: (top: number) => (size.top = Math.min(top, size.height - 100)) },
  })
  const follower = new EndFollower()
  const detach = follower.attach(element)
  return { element, follower, size, measured, scroll: () => element.dispatchEvent(new Event('scroll')), detach }
}

describe('a conversation', () => {
  it('is not measured with each of the changes that make it up', async () => {
    const { element, measured, detach } = conversation()
    measured.mockClear()
    for (let at = 0; at < 50; at += 1) {
      element.querySelector('article')?.append(document.createElement('p'))
      await Promise.resolve()
    }
    expect(measured).not.toHaveBeenCalled()
    detach?.()
  })

  it('stays at its end while it grows, until the user scrolls up, and again from the end', () => {
    const { follower, size, scroll, detach } = conversation()
    const grow = (height: number): void => {
      size.height = height
      sized()
    }
    const scrollTo = (top: number): void => {
      size.top = top
      scroll()
    }
    expect(size.top).toBe(900)
    // The browser reports that it has scrolled to the end when there is more already.
    size.height = 1200
    scroll()
    grow(1200)
    expect(size.top).toBe(1100)
    scrollTo(500)
    grow(1300)
    expect(size.top).toBe(500)
    scrollTo(1190)
    grow(1400)
    expect(size.top).toBe(1300)
    scrollTo(0)
    follower.toEnd()
    grow(1500)
    expect(size.top).toBe(1400)
    detach?.()
  })
})
