import { describe, expect, it } from 'vitest'
import { memoryBandwidthFromEnvironment, rehearsesRdma, settingsFromEnvironment } from './environment'
import { SettingsError } from './settings-error'

describe('settings from the environment', () => {
  it('are read from the MUSTER_ variables', () => {
    const env = {
      MUSTER_HOST: '0.0.0.0',
      MUSTER_PORT: '0',
      MUSTER_PEER_PORT: '4000',
      MUSTER_OLLAMA_PORT: '11434',
      MUSTER_NAME: ' Studio ',
      HOME: '/',
    }
    expect(settingsFromEnvironment(env)).toEqual({
      host: '0.0.0.0',
      port: 0,
      peerPort: 4000,
      ollamaPort: 11434,
      friendlyName: 'Studio',
    })
  })

  it('have lists with commas or spaces between their values, each as it will be compared', () => {
    const env = {
      MUSTER_ALLOWED_HOSTS: 'Host.Docker.Internal, *.tail1234.ts.net .lan',
      MUSTER_ALLOWED_ORIGINS: 'app://obsidian.md,https://Chat.example.org:443/',
    }
    expect(settingsFromEnvironment(env)).toEqual({
      allowedHosts: ['host.docker.internal', '.tail1234.ts.net', '.lan'],
      allowedOrigins: ['app://obsidian.md', 'https://chat.example.org'],
    })
  })

  it.each([
    ['MUSTER_ALLOWED_HOSTS', 'http://studio.lan'],
    ['MUSTER_ALLOWED_HOSTS', '*'],
    ['MUSTER_ALLOWED_ORIGINS', '*'],
    ['MUSTER_ALLOWED_ORIGINS', 'null'],
  ])('refuse %s=%s and name the variable', (variable, text) => {
    expect(() => settingsFromEnvironment({ [variable]: text })).toThrow(`${variable} is set to "${text}"`)
  })

  it('say whether the setup opens by itself', () => {
    expect(settingsFromEnvironment({ MUSTER_OFFER_SETUP: 'false' })).toEqual({ offerSetup: false })
    expect(settingsFromEnvironment({ MUSTER_OFFER_SETUP: 'true' })).toEqual({ offerSetup: true })
    expect(() => settingsFromEnvironment({ MUSTER_OFFER_SETUP: 'maybe' })).toThrow('it is true or false')
  })

  it('set the proxy and the certificate authorities', () => {
    const env = {
      MUSTER_PROXY: 'http://ann:secret@proxy.lan:3128',
      MUSTER_NO_PROXY: 'mirror.lan,.corp',
      MUSTER_CA_FILE: '/etc/ca.pem',
    }
    const told = { proxy: 'http://ann:secret@proxy.lan:3128', noProxy: ['mirror.lan', '.corp'], caFile: '/etc/ca.pem' }
    expect(settingsFromEnvironment(env)).toEqual(told)
    expect(() => settingsFromEnvironment({ MUSTER_PROXY: 'proxy.lan:3128' })).toThrow(
      'a proxy is written http://host:port',
    )
  })

  it('say when models are loaded on request, and for how long', () => {
    const env = { MUSTER_LOAD_ON_REQUEST: 'off', MUSTER_ON_REQUEST_IDLE: '60' }
    expect(settingsFromEnvironment(env)).toEqual({ loadOnRequest: 'off', onRequestIdleSeconds: 60 })
    expect(() => settingsFromEnvironment({ MUSTER_LOAD_ON_REQUEST: 'never' })).toThrow('MUSTER_LOAD_ON_REQUEST')
    expect(() => settingsFromEnvironment({ MUSTER_ON_REQUEST_IDLE: '5m' })).toThrow('whole number of seconds')
  })

  it('say how much disk there is for what models have computed', () => {
    expect(settingsFromEnvironment({ MUSTER_DISK_CACHE: '0' })).toEqual({ diskCacheGigabytes: 0 })
    expect(() => settingsFromEnvironment({ MUSTER_DISK_CACHE: '5GB' })).toThrow('whole number of gigabytes')
  })

  it('are none where a variable is missing or empty', () => {
    expect(settingsFromEnvironment({ MUSTER_PORT: '', MUSTER_NAME: ' ' })).toEqual({})
  })

  it.each(['http', '70000', '-1', '1e3', '80.5'])('refuse %s as a port and name the variable', (text) => {
    const wrong = () => settingsFromEnvironment({ MUSTER_PORT: text })
    expect(wrong).toThrow(SettingsError)
    expect(wrong).toThrow(`MUSTER_PORT is set to "${text}", which cannot be used: expected a port from 0 to 65535`)
  })

  it('refuse a name that is too long', () => {
    expect(() => settingsFromEnvironment({ MUSTER_NAME: 'x'.repeat(101) })).toThrow('MUSTER_NAME')
  })
})

describe('the memory bandwidth from the environment', () => {
  it('is given in GB/s', () => {
    expect(memoryBandwidthFromEnvironment({ MUSTER_MEMORY_BANDWIDTH: '68.25' })).toBe(68.25e9)
    expect(memoryBandwidthFromEnvironment({ MUSTER_MEMORY_BANDWIDTH: ' ' })).toBeUndefined()
  })

  it.each(['fast', '0', '-3', 'Infinity'])('is not %s', (text) => {
    expect(() => memoryBandwidthFromEnvironment({ MUSTER_MEMORY_BANDWIDTH: text })).toThrow('MUSTER_MEMORY_BANDWIDTH')
  })
})

describe('simulated RDMA', () => {
  it('is switched on by one value only', () => {
    expect(rehearsesRdma({ MUSTER_REHEARSE_JACCL: '1' })).toBe(true)
    for (const env of [{}, { MUSTER_REHEARSE_JACCL: '' }]) expect(rehearsesRdma(env)).toBe(false)
    expect(() => rehearsesRdma({ MUSTER_REHEARSE_JACCL: 'yes' })).toThrow('MUSTER_REHEARSE_JACCL is set to "yes"')
  })

  it('cannot be switched on by the settings file', () => {
    expect(settingsFromEnvironment({ MUSTER_REHEARSE_JACCL: '1' })).toEqual({})
  })
})
