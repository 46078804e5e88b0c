import { describe, expect, it } from 'vitest'
import type { AppState } from '../../state/app.svelte'
import { Palette } from './palette.svelte'

const app = (setupShown = false) =>
  ({ launching: undefined, setup: { shown: setupShown } }) as unknown as Pick<AppState, 'launching'> & AppState
const press = (palette: Palette, key: string, { repeat = false } = {}): void =>
  palette.pressed(new KeyboardEvent('keydown', { key, repeat, ctrlKey: true, cancelable: true }))

describe('the palette’s keys', () => {
  it('close it when they open the launch form, which would lie above it', () => {
    const state = app()
    const palette = new Palette(state)
    press(palette, 'k')
    expect(palette.open).toBe('commands')
    press(palette, 'j')
    expect(palette.open).toBeUndefined()
    expect(state.launching).toEqual({ kind: 'declare' })
  })

  it('do once what they do, however long they are held down', () => {
    const palette = new Palette(app())
    press(palette, 'k')
    press(palette, 'k', { repeat: true })
    expect(palette.open).toBe('commands')
    press(palette, 'k')
    expect(palette.open).toBeUndefined()
  })

  it('do nothing while the setup has the window', () => {
    const state = app(true)
    const palette = new Palette(state)
    for (const key of ['k', 'j', '2']) press(palette, key)
    expect([palette.open, state.launching]).toEqual([undefined, undefined])
  })
})
