import { describe, expect, it, vi } from 'vitest'

vi.mock('electron', () => ({ protocol: {} }))
const { fileOf } = await import('./scheme')

describe('the app’s own scheme', () => {
  it('serves files of its folder', () => {
    expect(fileOf('/app/out', 'app://muster/')).toBe('/app/out/index.html')
    expect(fileOf('/app/out', 'app://muster/assets/a.js')).toBe('/app/out/assets/a.js')
  })

  it.each(['app://muster/..%2f..%2fetc/passwd', 'app://muster/%2e%2e/secret', 'app://other/index.html'])(
    'serves nothing else: %s',
    (url) => {
      const file = fileOf('/app/out', url)
      expect(file === undefined || file.startsWith('/app/out/')).toBe(true)
    },
  )
})
