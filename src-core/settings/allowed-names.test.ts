import { describe, expect, it } from 'vitest'
import { AllowedHost, coversHost, plainHost } from './allowed-host'
import { AllowedOrigin } from './allowed-origin'

describe('an allowed host', () => {
  it.each([
    ['studio.tail1234.ts.net', 'studio.tail1234.ts.net'],
    [' Host.Docker.Internal. ', 'host.docker.internal'],
    ['*.lan', '.lan'],
    ['.lan', '.lan'],
    ['my_proxy', 'my_proxy'],
    ['192.168.1.20', '192.168.1.20'],
    ['[FE80::1]', 'fe80::1'],
  ])('is read from %j', (text, host) => {
    expect(AllowedHost.parse(text)).toBe(host)
    expect(AllowedHost.parse(host)).toBe(host)
  })

  it.each([
    '',
    '*',
    '.',
    '*.',
    '*.*.lan',
    'a*.lan',
    'studio.lan:80',
    'http://studio.lan',
    'a b',
    'a..b',
    'é.lan',
    '-a',
  ])('is not %j', (text) => {
    expect(AllowedHost.safeParse(text).success).toBe(false)
  })

  it.each([
    ['studio.lan', 'STUDIO.lan.', true],
    ['studio.lan', 'a.studio.lan', false],
    ['studio.lan', 'studio.lan.evil.example', false],
    ['*.lan', 'studio.lan', true],
    ['*.lan', 'a.b.lan', true],
    ['*.lan', 'lan', false],
    ['*.lan', 'evillan', false],
    ['*.lan', '.lan', false],
    ['*.lan', '', false],
    ['fe80::1', '[fe80::1]', true],
  ])('%s, asked by %j: %s', (allowed, host, covered) => {
    expect(coversHost([AllowedHost.parse(allowed)], plainHost(host))).toBe(covered)
  })
})

describe('an allowed origin', () => {
  it.each([
    ['app://obsidian.md', 'app://obsidian.md'],
    ['https://Chat.Example.org/', 'https://chat.example.org'],
    ['https://chat.example.org:443', 'https://chat.example.org'],
    ['https://chat.example.org:80', 'https://chat.example.org:80'],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['http://[::1]:5173', 'http://[::1]:5173'],
    ['chrome-extension://abcdefghijklmnop', 'chrome-extension://abcdefghijklmnop'],
  ])('is read from %j', (text, origin) => {
    expect(AllowedOrigin.parse(text)).toBe(origin)
    expect(AllowedOrigin.parse(origin)).toBe(origin)
  })

  it.each(['', '*', 'null', 'chat.example.org', 'https://*', 'https://a/path', 'https://u@a', 'https://a?b', 'data:x'])(
    'is not %j',
    (text) => {
      expect(AllowedOrigin.safeParse(text).success).toBe(false)
    },
  )
})
