import { describe, expect, it } from 'vitest'
import { isOfPage, isReload } from './page'

describe('the page', () => {
  it.each(['app://muster', 'app://muster/', 'app://muster/#/chat'])('knows its own: %s', (address) => {
    expect(isOfPage(address)).toBe(true)
  })

  it.each([
    'app://muster.example/',
    'app://muster:1/',
    'app://other/',
    'https://muster/',
    'file:///muster/',
    'null',
    '',
  ])('is not taken in by %j', (address) => {
    expect(isOfPage(address)).toBe(false)
  })

  it.each(['app://muster/', 'app://muster/#/chat?model=x'])('may be loaded again: %s', (address) => {
    expect(isReload(address)).toBe(true)
  })

  it.each([
    'app://muster/assets/index.js',
    'app://muster/?x',
    'https://example.com/',
    'https://example.com/#app://muster/',
  ])('goes nowhere else: %s', (address) => {
    expect(isReload(address)).toBe(false)
  })
})
