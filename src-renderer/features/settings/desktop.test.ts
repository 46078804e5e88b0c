import { afterEach, describe, expect, it, vi } from 'vitest'
import { DesktopPreferences, type DesktopApi, type UpdateStatus } from '@core/protocols/desktop'
import { DesktopSettings, updateLine } from './desktop.svelte'

const desktop = (statuses: UpdateStatus[]): Pick<DesktopApi, 'preferences' | 'update'> => {
  let kept = DesktopPreferences.parse({})
  return {
    preferences: async ({ notify, ...changes }) => {
      kept = DesktopPreferences.parse({ ...kept, ...changes, notify: { ...kept.notify, ...notify } })
      return { preferences: kept, hasDock: true }
    },
    update: async () => statuses.shift() ?? { state: 'idle' },
  }
}

describe('the app’s preferences', () => {
  afterEach(() => vi.useRealTimers())

  it('are read, and changed one at a time', async () => {
    const settings = new DesktopSettings(desktop([]))
    await settings.read()
    expect(settings).toMatchObject({ hasDock: true, update: { state: 'idle' } })
    await settings.change({ notify: { models: false } })
    expect(settings.preferences?.notify).toEqual({ joins: true, models: false, downloads: true, updates: true })
  })

  it('are not offered in a browser', async () => {
    const settings = new DesktopSettings(undefined)
    await settings.read()
    expect(settings.preferences).toBeUndefined()
    expect(settings.update).toBeUndefined()
  })

  it('follow an update until it is ready', async () => {
    const settings = new DesktopSettings(desktop([{ state: 'ready', version: '2.0.0' }]))
    await settings.ask('check')
    expect(settings.update).toEqual({ state: 'ready', version: '2.0.0' })
    settings.close()
  })

  it('show an update that the app finds by itself while the page is open, also after a failed question', async () => {
    vi.useFakeTimers()
    const found: UpdateStatus = { state: 'downloading', version: '2.0.0', part: 0.5 }
    const update = vi.fn(async (): Promise<UpdateStatus> => ({ state: 'idle' }))
    const settings = new DesktopSettings({ ...desktop([]), update })
    await settings.read()
    update.mockRejectedValueOnce(new Error('busy')).mockResolvedValueOnce(found)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(settings.update).toEqual(found)
    update.mockResolvedValueOnce({ state: 'ready', version: '2.0.0' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(settings.update).toEqual({ state: 'ready', version: '2.0.0' })
    settings.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(update).toHaveBeenCalledTimes(4)
  })

  it('are asked for no more after the page has closed, also if it closed before an answer', async () => {
    vi.useFakeTimers()
    const update = vi.fn(async (): Promise<UpdateStatus> => ({ state: 'downloading', version: '2.0.0', part: 0.5 }))
    const settings = new DesktopSettings({ ...desktop([]), update })
    const asked = settings.ask('show')
    settings.close()
    await asked
    await vi.advanceTimersByTimeAsync(10_000)
    expect(update).toHaveBeenCalledOnce()
  })
})

it.each<[UpdateStatus, RegExp]>([
  [{ state: 'unavailable', why: 'sources' }, /no updates.*sources/],
  [{ state: 'idle' }, /No newer version/],
  [{ state: 'checking' }, /Checking/],
  [{ state: 'downloading', version: '2.0.0', part: 0.256 }, /2\.0\.0 · 26 %/],
  [{ state: 'ready', version: '2.0.0' }, /2\.0\.0 is ready.*quit/],
  [{ state: 'failed', reason: 'no route' }, /failed: no route/],
])('an update that is %j has a text', (status, words) => {
  expect(updateLine(status)).toMatch(words)
})
