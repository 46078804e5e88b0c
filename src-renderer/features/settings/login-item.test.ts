import { describe, expect, it } from 'vitest'
import { LoginItem } from './login-item.svelte'

const desktop = ({ available }: { available: boolean }) => {
  let openAtLogin = false
  return {
    loginItem: async (request: { openAtLogin?: boolean | undefined }) => {
      openAtLogin = request.openAtLogin ?? openAtLogin
      return { openAtLogin, available }
    },
  }
}

describe('starting at login', () => {
  it('is shown as the system reports it, and can be changed', async () => {
    const item = new LoginItem(desktop({ available: true }))
    await item.read()
    expect(item).toMatchObject({ available: true, opens: false })
    await item.set(true)
    expect(item.opens).toBe(true)
  })

  it('is not offered if it cannot be set, nor in a browser', async () => {
    for (const item of [new LoginItem(desktop({ available: false })), new LoginItem(undefined)]) {
      await item.read()
      expect(item.available).toBe(false)
    }
  })
})
