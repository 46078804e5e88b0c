import { describe, expect, it } from 'vitest'
import { deepLinkIn, deepLinkTarget } from './deep-links'

describe('a link to the app', () => {
  it.each([
    ['muster://join/abc.DEF-123_x', { join: 'abc.DEF-123_x' }],
    ['muster://join/192.168.1.20:52417', { join: '192.168.1.20:52417' }],
    ['muster://join/%5Bfe80::1%5D:52417', { join: '[fe80::1]:52417' }],
    ['muster://model/mlx-community/Qwen3-4B-4bit', { launch: 'mlx-community/Qwen3-4B-4bit' }],
    ['MUSTER://model/m/x', { launch: 'm/x' }],
  ])('%s leads to a form that asks', (link, query) => {
    expect(deepLinkTarget(link)).toEqual({ page: 'cluster', query })
  })

  it.each([
    'muster://',
    'muster://join',
    'muster://join/',
    'muster://join/a b c d',
    'muster://join/<script>',
    'muster://join/%E0%A4%A',
    'muster://model/only-one-part',
    'muster://model/a/b/c',
    'muster://model/../../etc',
    'muster://model/a/b%00c',
    'muster://user:password@join/abcdef',
    'muster://join:80/abcdef',
    'muster://delete/chat',
    'muster:join/abcdef',
    'https://join/abcdef',
    'not a link',
    `muster://join/${'a'.repeat(6000)}`,
  ])('%s leads nowhere', (link) => {
    expect(deepLinkTarget(link)).toBeUndefined()
  })

  it('is found among arguments', () => {
    expect(deepLinkIn(['/usr/bin/muster', '--flag', 'muster://model/m/x'])).toBe('muster://model/m/x')
    expect(deepLinkIn(['/usr/bin/muster', 'x-muster://model/m/x'])).toBeUndefined()
  })
})
