import { describe, expect, it } from 'vitest'
import type { BridgedPortsAnswer, BridgedPortsRequest } from '@core/protocols/desktop'
import { BridgeAction } from './bridge-action.svelte'

const OUT = ['/sbin/ifconfig bridge0 deletem en2']
const BACK = ['/sbin/ifconfig bridge0 addm en2']

/** A fake app with one bridged port, whose user allows the change or not. */
const fakeDesktop = (allows = true) => {
  let out = false
  const asked: BridgedPortsRequest[] = []
  const bridgedPorts = async (request: BridgedPortsRequest): Promise<BridgedPortsAnswer> => {
    asked.push(request)
    if (request.action !== 'show' && allows) out = request.action === 'release'
    const outcome = request.action === 'show' ? 'shown' : allows ? 'done' : 'declined'
    return { release: out ? [] : OUT, undo: out ? BACK : [], outcome }
  }
  return { asked, bridgedPorts }
}

describe('taking ports out of a bridge', () => {
  it('sends exactly the commands that were shown, and then offers to undo them', async () => {
    const desktop = fakeDesktop()
    const action = new BridgeAction(desktop)
    await action.read()
    expect([action.release, action.undo, action.said]).toEqual([OUT, [], undefined])
    await action.takeOut()
    expect(desktop.asked.at(-1)).toEqual({ action: 'release', commands: OUT })
    expect([action.release, action.undo]).toEqual([[], BACK])
    expect(action.said).toContain('out of the bridge')
    await action.putBack()
    expect(desktop.asked.at(-1)).toEqual({ action: 'undo', commands: BACK })
    expect(action.said).toContain('in the bridge again')
  })

  it('accepts a refusal of the user', async () => {
    const action = new BridgeAction(fakeDesktop(false))
    await action.read()
    await action.takeOut()
    expect(action.said).toBe('Nothing was changed: you did not allow it.')
    expect(action.release).toEqual(OUT)
  })

  it('is requested once at a time', async () => {
    const desktop = fakeDesktop()
    const action = new BridgeAction(desktop)
    await action.read()
    await Promise.all([action.takeOut(), action.takeOut()])
    expect(desktop.asked.filter(({ action: what }) => what === 'release')).toHaveLength(1)
  })

  it('is not offered in a browser, nor if the app does not answer', async () => {
    const failing = { bridgedPorts: () => Promise.reject(new Error('Only the app’s own page may ask this')) }
    for (const desktop of [undefined, failing]) {
      const action = new BridgeAction(desktop)
      await action.read()
      expect([action.release, action.undo, action.said]).toEqual([[], [], undefined])
    }
  })
})
