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
    ['::ffff:10.0.0.7', '::ffff:10.0.0.7', 52417],
    ['255.10.0.7', '255.10.0.7', 52417],
    ['127.1', '127.1', 52417],
    ['a', 'a', 52417],
    ['7.a:1', '7.a', 1],
    ['my_mac-2.lan.', 'my_mac-2.lan.', 52417],
    ['xn--kche-0ra.lan', 'xn--kche-0ra.lan', 52417],
    ['küche.lan', 'küche.lan', 52417],
  ])('is read from %s', (text, ip, port) => {
    expect(parsePeerAddress(text)).toEqual({ ip, port })
  })

  it.each([
    ...['192.168.1.256', '999.1.1.1:52417', '1.2.3.4.5', 'studio..lan', '.lan', '-', 'a-.lan', '<b>', '"a"', '..'],
    ...['a'.repeat(64), '1::2::3', '[1:2:3]', '12345::', ':::1', '10.0.0.7,10.0.0.8'],
  ])('is not one that no machine can have: %j', (text) => {
    expect(parsePeerAddress(text)).toBeUndefined()
  })

  it.each(['', ':', ':80', 'a:b', 'a:0', 'a:65536', 'a b', 'http://a', 'a/b', '[a', '[]:80', '[1.2.3.4', 'a:1:2z'])(
    'is not %j',
    (text) => {
      expect(parsePeerAddress(text)).toBeUndefined()
    },
  )
})
