import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Preferences } from './preferences'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-preferences-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const file = () => join(folder, 'preferences.json')

describe('what is set for the app', () => {
  it('is on by default, and kept when it is changed', () => {
    const preferences = new Preferences(file())
    expect(preferences.current()).toEqual({
      notify: { joins: true, models: true, downloads: true, updates: true },
      autoUpdate: true,
      dockIcon: true,
      language: 'system',
    })
    preferences.change({ notify: { downloads: false }, autoUpdate: false })
    expect(new Preferences(file()).current()).toEqual({
      notify: { joins: true, models: true, downloads: false, updates: true },
      autoUpdate: false,
      dockIcon: true,
      language: 'system',
    })
  })

  it('is told to whoever listens, until they stop', () => {
    const preferences = new Preferences(file())
    const seen: boolean[] = []
    const stop = preferences.subscribe(({ autoUpdate }) => seen.push(autoUpdate))
    preferences.change({ autoUpdate: false })
    stop()
    preferences.change({ autoUpdate: true })
    expect(seen).toEqual([false])
  })

  it.each(['{', '[]', '{"autoUpdate": "yes"}'])('is the default where the file says %j', (text) => {
    writeFileSync(file(), text)
    expect(new Preferences(file()).current().autoUpdate).toBe(true)
  })

  it('stays as it was where it cannot be kept', () => {
    const preferences = new Preferences(join(folder, 'missing', 'preferences.json'))
    expect(() => preferences.change({ autoUpdate: false })).toThrow(/ENOENT/)
    expect(preferences.current().autoUpdate).toBe(true)
  })
})
