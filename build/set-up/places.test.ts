import { expect, it } from 'vitest'
import { defaultDataDir } from '@main/settings/data-dir'
import { dataFolder } from './places.mjs'

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
