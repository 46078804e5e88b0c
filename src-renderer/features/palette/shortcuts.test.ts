import { describe, expect, it } from 'vitest'
import { keysText, shortcutFor, SHORTCUTS, type Pressed } from './shortcuts'

const pressed = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  code: '',
  metaKey: false,
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  typing: false,
  ...more,
})

describe('shortcuts', () => {
  it('use the command key on a Mac and Control elsewhere, never the other one', () => {
    expect(shortcutFor(pressed('k', { metaKey: true }), true)?.act).toEqual({ kind: 'palette' })
    expect(shortcutFor(pressed('K', { ctrlKey: true }), false)?.act).toEqual({ kind: 'palette' })
    expect(shortcutFor(pressed('k', { ctrlKey: true }), true)).toBeUndefined()
    expect(shortcutFor(pressed('k', { metaKey: true, altKey: true }), true)).toBeUndefined()
    expect(shortcutFor(pressed('k'), true)).toBeUndefined()
  })

  it('leave letters and undo to a text field, but open the palette from it', () => {
    expect(shortcutFor(pressed('?', { typing: true }), true)).toBeUndefined()
    expect(shortcutFor(pressed('z', { metaKey: true, typing: true }), true)).toBeUndefined()
    expect(shortcutFor(pressed('k', { metaKey: true, typing: true }), true)?.act).toEqual({ kind: 'palette' })
    expect(shortcutFor(pressed('?'), true)?.act).toEqual({ kind: 'help' })
  })

  it('are where they are on other keyboards, if a layout lacks their sign', () => {
    const act = (key: string, code: string) => shortcutFor(pressed(key, { code, ctrlKey: true }), false)?.act
    expect(act('л', 'KeyK')).toEqual({ kind: 'palette' })
    expect(act('&', 'Digit1')).toEqual({ kind: 'page', page: 'cluster' })
    // Dvorak has its own K, and a sign in the place of Z.
    expect([act('t', 'KeyK'), act(';', 'KeyZ')]).toEqual([undefined, undefined])
    expect(shortcutFor(pressed('?', { code: 'Digit7' }), false)?.act).toEqual({ kind: 'help' })
    expect(shortcutFor(pressed('л', { code: 'KeyK' }), false)).toBeUndefined()
  })

  it('take no key that is another one: a digit with Shift, nor a sign that zooms in its place', () => {
    const act = (key: string, more: Partial<Pressed>) =>
      shortcutFor(pressed(key, { ...more, ctrlKey: true }), false)?.act
    expect(act('!', { code: 'Digit1', shiftKey: true })).toBeUndefined()
    expect(act('1', { code: 'Digit1', shiftKey: true })).toEqual({ kind: 'page', page: 'cluster' })
    expect([act('+', { code: 'Digit1' }), act('-', { code: 'Digit6' })]).toEqual([undefined, undefined])
  })

  it('go to every page, in the order of the navigation', () => {
    expect(shortcutFor(pressed('2', { metaKey: true }), true)?.act).toEqual({ kind: 'page', page: 'models' })
  })

  it('have distinct keys, and are written as each system does', () => {
    const keys = SHORTCUTS.map((one) => keysText(one, true))
    expect(new Set(keys).size).toBe(keys.length)
    expect(keysText({ command: true, key: 'k' }, true)).toBe('⌘K')
    expect(keysText({ command: true, key: 'k' }, false)).toBe('Ctrl+K')
  })
})
