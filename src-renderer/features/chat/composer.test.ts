import { flushSync, mount, unmount } from 'svelte'
import { afterEach, describe, expect, it, vi } from 'vitest'
import Composer from './composer.svelte'
import { emptyThread } from './thread.svelte'

afterEach(() => document.body.replaceChildren())

/** Keys that an input method takes for itself: `keyCode` is 229, and Safari calls the last one not composing. */
const taken = { isComposing: true, keyCode: 229 }
const takenLast = { isComposing: false, keyCode: 229 }

const composer = () => {
  const thread = emptyThread()
  thread.draft.text = '你好'
  const calls = { onsend: vi.fn(), onstop: vi.fn(), onoptions: vi.fn(), onthinking: vi.fn() }
  const reader = { name: 'a model', sees: undefined, seeing: [] }
  const props = { thread, reader, blocked: false, thinks: false, ...calls }
  const mounted = mount(Composer, { target: document.body, props })
  flushSync()
  const press = (key: string, more: KeyboardEventInit = {}) =>
    document.querySelector('textarea')?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }))
  return { thread, calls, press, close: () => unmount(mounted) }
}

describe('the composer', () => {
  it.each([
    ['sends at Return', {}, 1],
    ['does not send at a Return that accepts composed characters', taken, 0],
    ['does not in Safari either, where the composition has ended by then', takenLast, 0],
  ] as const)('%s', (_, more, times) => {
    const subject = composer()
    subject.press('Enter', more)
    expect(subject.calls.onsend).toHaveBeenCalledTimes(times)
    return subject.close()
  })

  it('keeps the keyboard when the question was sent by its button, which is gone then', () => {
    const subject = composer()
    const button = document.querySelector<HTMLButtonElement>('button[type=submit]')
    button?.focus()
    button?.click()
    expect(subject.calls.onsend).toHaveBeenCalledOnce()
    expect(document.activeElement).toBe(document.querySelector('textarea'))
    return subject.close()
  })

  it.each([
    ['stops the answer at Escape', {}, 1],
    ['does not at an Escape that discards composed characters', taken, 0],
  ] as const)('%s', (_, more, times) => {
    const subject = composer()
    subject.thread.held = true
    subject.press('Escape', more)
    expect(subject.calls.onstop).toHaveBeenCalledTimes(times)
    return subject.close()
  })
})
