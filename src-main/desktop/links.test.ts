import { describe, expect, it } from 'vitest'
import { judgeLink } from './links'

const judge = (address: string) => judgeLink(address, { apiUrl: 'http://127.0.0.1:52416' })

describe('a link that leaves the app', () => {
  it('to this node’s own pages is opened at once', () => {
    expect(judge('http://127.0.0.1:52416/docs')).toEqual({ to: 'own-node', url: 'http://127.0.0.1:52416/docs' })
  })

  it('to the web is asked about, by its host', () => {
    expect(judge('https://example.com:8443/a?b')).toEqual({
      to: 'web',
      url: 'https://example.com:8443/a?b',
      host: 'example.com:8443',
    })
  })

  it('shows letters that only look like others', () => {
    expect(judge('https://аpple.com/')).toMatchObject({ host: 'xn--pple-43d.com' })
  })

  it.each([
    'http://example.com/',
    'http://127.0.0.1:1/',
    'https://apple.com@example.com/',
    'http://user@127.0.0.1:52416/docs',
    'file:///etc/passwd',
    'smb://server/share',
    'javascript:alert(1)',
    'app://muster/',
    'no address',
    '',
  ])('is not opened: %j', (address) => {
    expect(judge(address)).toBeUndefined()
  })
})
