import { describe, expect, it } from 'vitest'
import { builtPage, isOf, isReload, pageOf } from './page'

describe('the page', () => {
  it('comes from the app’s own scheme, and in development from the server that reloads it', () => {
    expect(pageOf({ developmentUrl: undefined })).toBe(builtPage)
    expect(pageOf({ developmentUrl: 'http://localhost:5173' })).toEqual({
      url: 'http://localhost:5173',
      origin: 'http://localhost:5173',
    })
  })

  it.each(['app://muster', 'app://muster/', 'app://muster/#/chat'])('knows its own: %s', (address) => {
    expect(isOf(builtPage, address)).toBe(true)
  })

  it.each(['app://muster.example/', 'app://other/', 'https://muster/', 'file:///muster/', 'null', ''])(
    'is not taken in by %j',
    (address) => {
      expect(isOf(builtPage, address)).toBe(false)
    },
  )

  it('may be loaded again, at any of its places, and go nowhere else', () => {
    expect(isReload(builtPage, 'app://muster/#/chat')).toBe(true)
    expect(isReload(pageOf({ developmentUrl: 'http://localhost:5173' }), 'http://localhost:5173/')).toBe(true)
    expect(isReload(builtPage, 'app://muster/assets/index.js')).toBe(false)
    expect(isReload(builtPage, 'https://example.com/')).toBe(false)
  })
})
