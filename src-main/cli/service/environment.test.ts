import { expect, it } from 'vitest'
import { keptEnvironment } from './environment'

it('a service keeps where its files are and how it reaches the internet, from any folder', () => {
  const env = {
    MUSTER_DATA_DIR: 'data',
    HF_HOME: '/models',
    MUSTER_PROXY: 'http://proxy.lan:3128',
    MUSTER_NO_PROXY: 'hub.lan',
    MUSTER_CA_FILE: './ca.pem',
    XDG_DATA_HOME: '/large',
  }
  expect(keptEnvironment(env, '/home/ada')).toEqual({
    ...env,
    MUSTER_DATA_DIR: '/home/ada/data',
    MUSTER_CA_FILE: '/home/ada/ca.pem',
  })
})

it('a service keeps no token, nothing empty and nothing of other programs', () => {
  const env = { HF_TOKEN: 'hf_a', MUSTER_HUB_TOKEN: 'hf_b', MUSTER_API_KEY: 'sk-c', HTTPS_PROXY: '', EDITOR: 'vi' }
  expect(keptEnvironment(env, '/')).toEqual({})
})

it('a service ignores a relative XDG folder, as the node that is started by hand does', () => {
  expect(keptEnvironment({ XDG_DATA_HOME: 'data' }, '/home/ada')).toEqual({ XDG_DATA_HOME: 'data' })
})
