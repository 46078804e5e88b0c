import { describe, expect, it } from 'vitest'
import { fromElsewhere } from './from-elsewhere'

describe('a link for other machines', () => {
  it.each([
    ['http://127.0.0.1:52416/sign-in?code=x', ['fd00::2', '192.168.1.3'], 'http://192.168.1.3:52416/sign-in?code=x'],
    ['http://studio.local:52416/sign-in?code=x', ['192.168.1.3'], 'http://studio.local:52416/sign-in?code=x'],
    ['http://127.0.0.1:52416/sign-in?code=x', [], 'http://127.0.0.1:52416/sign-in?code=x'],
  ])('%s of a machine at %j is %s', (link, addresses, expected) => {
    expect(fromElsewhere(link, addresses)).toBe(expected)
  })
})
