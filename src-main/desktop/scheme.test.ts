import { describe, expect, it, vi } from 'vitest'

vi.mock('electron', () => ({ protocol: {} }))
const { contentSecurityPolicy, fileOf } = await import('./scheme')

describe('the app’s own scheme', () => {
  it('serves files of its folder', () => {
    expect(fileOf('/app/out', 'app://muster/')).toBe('/app/out/index.html')
    expect(fileOf('/app/out', 'app://muster/#/chat')).toBe('/app/out/index.html')
    expect(fileOf('/app/out', 'app://muster/assets/a.js')).toBe('/app/out/assets/a.js')
    expect(fileOf('/app/out', 'app://muster/assets/a%20b.js')).toBe('/app/out/assets/a b.js')
  })

  it.each([
    'app://muster/..%2fsecret',
    'app://muster/..%2f..%2fetc/passwd',
    'app://muster/assets/..%2f..%2f..%2fsecret',
    'app://muster/..%2fout-of-here/secret',
    'app://muster/index.html%00.js',
    'app://muster/%zz',
    'app://other/index.html',
  ])('serves nothing else: %s', (url) => {
    expect(fileOf('/app/out', url)).toBeUndefined()
  })

  it.each(['app://muster/%2e%2e/secret', 'app://muster/../../secret'])('stays in its folder: %s', (url) => {
    expect(fileOf('/app/out', url)).toBe('/app/out/secret')
  })

  it('lets the page run only its own code and styles, and talk only to its own node', () => {
    const policy = contentSecurityPolicy('http://127.0.0.1:52416')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain('connect-src http://127.0.0.1:52416;')
    expect(policy).not.toMatch(/unsafe|\*/)
  })
})
