import { describe, expect, it } from 'vitest'
import type { NodeSettingsView } from '@core/protocols/node-settings'
import { FakeApi, json } from '../../testing/fake-api'
import { MachineSettings } from './machine-settings.svelte'

const VIEW: NodeSettingsView = {
  settings: {
    loadOnRequest: 'auto',
    onRequestIdleSeconds: 300,
    diskCacheGigabytes: 20,
    downloadBytesPerSecond: 0,
    hub: 'huggingface',
    keepFreeGigabytes: 1,
    servesNetwork: false,
  },
  servesNetworkNow: false,
  fixed: ['onRequestIdleSeconds'],
  loadsOnRequest: true,
}

/** A fake node that answers with the last settings it received, or refuses. */
const node = ({ refuses = false } = {}) => {
  let view = VIEW
  const answer = (): Promise<never> => Promise.resolve(view as never)
  return {
    get: answer,
    patch: (_path: string, json: unknown) => {
      if (refuses) return Promise.reject(new Error('the disk is full'))
      view = { ...view, settings: { ...view.settings, ...(json as object) } }
      return answer()
    },
  }
}

describe('the settings of a machine', () => {
  it('are shown as the node reports them, and can be changed unless they are fixed', async () => {
    const settings = new MachineSettings(node())
    await settings.read()
    expect(settings.view).toEqual(VIEW)
    expect([settings.isFixed('loadOnRequest'), settings.isFixed('onRequestIdleSeconds')]).toEqual([false, true])
    await settings.change({ loadOnRequest: 'off' })
    await settings.change({ diskCacheGigabytes: 0 })
    expect(settings.view?.settings).toMatchObject({ loadOnRequest: 'off', diskCacheGigabytes: 0 })
  })

  it('stay unchanged if the node refuses, and are hidden if it has none', async () => {
    const settings = new MachineSettings(node({ refuses: true }))
    await expect(settings.change({ loadOnRequest: 'off' })).rejects.toThrow('the disk is full')
    expect(settings.view).toEqual(VIEW)
    const older = new MachineSettings({ ...node(), get: () => Promise.reject(new Error('no such route')) })
    await older.read()
    expect(older.view).toBeUndefined()
  })

  it('are not those of an answer that a change has overtaken, nor gone because they could not be read again', async () => {
    const honest = node()
    let arrives = (): void => undefined
    const late = new Promise<void>((resolve) => {
      arrives = resolve
    })
    let away = false
    const settings = new MachineSettings({
      ...honest,
      get: () => (away ? Promise.reject(new Error('away')) : late.then(() => VIEW as never)),
    })
    const reading = settings.read()
    await settings.change({ loadOnRequest: 'off' })
    arrives()
    await reading
    expect(settings.view?.settings.loadOnRequest).toBe('off')
    away = true
    await settings.read()
    expect(settings.view?.settings.loadOnRequest).toBe('off')
  })

  it('are those of the last of quick changes, whichever section of the page made them and however slow the node is', async () => {
    let settings = VIEW.settings
    const waiting: (() => void)[] = []
    const api = new FakeApi()
    const answers = () =>
      new Promise<Response>((resolve) => {
        waiting.push(() => {
          settings = { ...settings, ...(api.asked.at(-1)?.json as object) }
          resolve(json({ ...VIEW, settings }))
        })
      })
    api.next(answers, answers)
    const [section, other] = [new MachineSettings(api), new MachineSettings(api)]
    const changed = [section.change({ loadOnRequest: 'off' }), other.change({ loadOnRequest: 'on' })]
    expect(waiting).toHaveLength(1)
    waiting[0]?.()
    await changed[0]
    waiting[1]?.()
    await changed[1]
    expect([settings.loadOnRequest, other.view?.settings.loadOnRequest]).toEqual(['on', 'on'])
  })
})
