import { describe, expect, it } from 'vitest'
import { FakeApi, json } from '../../testing/fake-api'
import { OptionSwitches } from './option-switches.svelte'

const settings = (changes: { servesNetwork?: boolean; now?: boolean; fixed?: string[] } = {}) => ({
  settings: {
    loadOnRequest: 'auto',
    onRequestIdleSeconds: 300,
    diskCacheGigabytes: 20,
    servesNetwork: changes.servesNetwork ?? false,
  },
  fixed: changes.fixed ?? [],
  loadsOnRequest: true,
  servesNetworkNow: changes.now ?? false,
})

const power = (changes: { keepAwake?: string; fixed?: boolean } = {}) => ({
  onBattery: false,
  keepAwake: 'never',
  fixed: false,
  ...changes,
})

const desktop = (available: boolean) => {
  let openAtLogin = false
  return {
    loginItem: (request: { openAtLogin?: boolean | undefined } = {}) => {
      openAtLogin = request.openAtLogin ?? openAtLogin
      return Promise.resolve({ openAtLogin, available })
    },
  }
}

describe('the option switches', () => {
  it('are off at first, and include only what this node and window support', async () => {
    const api = new FakeApi(() => json(settings()))
    const inBrowser = new OptionSwitches(api, undefined)
    await inBrowser.read()
    expect(inBrowser.all.map(({ id, on }) => [id, on])).toEqual([['network', false]])
    const inApp = new OptionSwitches(api, desktop(true))
    await inApp.read()
    expect(inApp.all.map(({ id, on }) => [id, on])).toEqual([
      ['login', false],
      ['network', false],
    ])
    const onLinux = new OptionSwitches(api, desktop(false))
    await onLinux.read()
    expect(onLinux.all.map(({ id }) => id)).toEqual(['network'])
  })

  it('leave out fixed options, and all of them while the node is unreachable', async () => {
    const held = new OptionSwitches(new FakeApi(() => json(settings({ fixed: ['servesNetwork'] }))), undefined)
    await held.read()
    expect(held.any).toBe(false)
    const away = new OptionSwitches(new FakeApi(), undefined)
    await away.read()
    expect(away.any).toBe(false)
  })

  it('say that serving the network starts with the next start', async () => {
    const api = new FakeApi().next(
      () => json(settings()),
      () => json(power({ fixed: true })),
      () => json(settings({ servesNetwork: true })),
    )
    const options = new OptionSwitches(api, undefined)
    await options.read()
    await options.all[0]?.set(true)
    expect(api.asked.at(-1)).toMatchObject({ method: 'PATCH', json: { servesNetwork: true } })
    expect(options.all[0]).toMatchObject({ on: true })
    expect(options.all[0]?.about).toContain('at the next start')
  })

  it('keep this machine awake for its models, on power only', async () => {
    const api = new FakeApi().next(
      () => json(settings({ fixed: ['servesNetwork'] })),
      () => json(power()),
      () => json(power({ keepAwake: 'on-power' })),
    )
    const options = new OptionSwitches(api, undefined)
    await options.read()
    expect(options.all.map(({ id, on }) => [id, on])).toEqual([['awake', false]])
    await options.all[0]?.set(true)
    expect(api.asked.at(-1)).toMatchObject({ method: 'PATCH', json: { keepAwake: 'on-power' } })
    expect(options.all[0]).toMatchObject({ on: true })
  })
})
