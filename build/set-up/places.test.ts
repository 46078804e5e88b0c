import { expect, it, vi } from 'vitest'
import { defaultDataDir, homeFolder as homeOfNodes } from '@main/settings/data-dir'
import { dataFolder, homeFolder } from './places.mjs'

it.each([
  { platform: 'darwin', env: {} },
  { platform: 'win32', env: {} },
  { platform: 'win32', env: { LOCALAPPDATA: '/local' } },
  { platform: 'linux', env: {} },
  { platform: 'linux', env: { XDG_DATA_HOME: '/xdg' } },
  { platform: 'linux', env: { XDG_DATA_HOME: 'relative' } },
  { platform: 'linux', env: { XDG_DATA_HOME: '' } },
] as const)('puts the starter model where a node looks for it ($platform, $env)', ({ platform, env }) => {
  const surroundings = { platform, env, home: '/home/ann' }
  expect(dataFolder(surroundings)).toBe(defaultDataDir(surroundings))
})

it('follows MUSTER_DATA_DIR', () => {
  expect(dataFolder({ platform: 'linux', env: { MUSTER_DATA_DIR: '/data' }, home: '/home/ann' })).toBe('/data')
})

it('finds the home folder where a node does, also without a usable HOME', () => {
  for (const home of ['/home/ada', '', 'relative']) {
    vi.stubEnv('HOME', home)
    expect(homeFolder()).toBe(homeOfNodes())
  }
  vi.unstubAllEnvs()
})
