import { describe, expect, it } from 'vitest'
import { parsePeerAddress } from './peer-address'

describe('the address of a machine', () => {
  it.each([
    ['192.168.1.20:52417', '192.168.1.20', 52417],
    [' 192.168.1.20 ', '192.168.1.20', 52417],
    ['studio.local:80', 'studio.local', 80],
    ['[fe80::1%en0]:99', 'fe80::1%en0', 99],
    ['[2001:db8::1]', '2001:db8::1', 52417],
    ['2001:db8::1', '2001:db8::1', 52417],
    ['fe80::1%eth0', 'fe80::1%eth0', 52417],
  ])('is read from %s', (text, ip, port) => {
    expect(parsePeerAddress(text)).toEqual({ ip, port })
  })

  it.each(['', ':', ':80', 'a:b', 'a:0', 'a:65536', 'a b', 'http://a', 'a/b', '[a', '[]:80', '[1.2.3.4', 'a:1:2z'])(
    'is not %j',
    (text) => {
      expect(parsePeerAddress(text)).toBeUndefined()
    },
  )
})
