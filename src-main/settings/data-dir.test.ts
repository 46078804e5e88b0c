import { userInfo } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defaultDataDir, homeFolder } from './data-dir'

const at = (platform: NodeJS.Platform, env: Record<string, string> = {}) =>
  defaultDataDir({ platform, env, home: '/home/ann' })

describe('the data directory', () => {
  it('is where each system keeps such things', () => {
    expect(at('darwin')).toBe('/home/ann/Library/Application Support/Muster')
    expect(at('linux')).toBe('/home/ann/.local/share/muster')
    expect(at('linux', { XDG_DATA_HOME: '/data' })).toBe('/data/muster')
  })

  it('does not follow a relative or empty XDG_DATA_HOME', () => {
    expect(at('linux', { XDG_DATA_HOME: 'data' })).toBe('/home/ann/.local/share/muster')
    expect(at('linux', { XDG_DATA_HOME: '' })).toBe('/home/ann/.local/share/muster')
  })
})

describe('the home folder', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is where HOME says', () => {
    vi.stubEnv('HOME', '/home/ada with spaces')
    expect(homeFolder()).toBe('/home/ada with spaces')
  })

  it.each(['', 'relative', '.'])('is this user’s where HOME is "%s", not the folder of the start', (home) => {
    vi.stubEnv('HOME', home)
    expect(homeFolder()).toBe(userInfo().homedir)
  })
})
