import { describe, expect, it } from 'vitest'
import { addressesForPhones, signInUrl } from './sign-in'

describe('the sign-in link for a phone', () => {
  it('has an address of the network that phones are on', () => {
    const found = addressesForPhones([
      { name: 'lo', type: 'loopback', addresses: ['127.0.0.1'] },
      { name: 'bridge0', type: 'thunderbolt', addresses: ['10.0.0.1'] },
      { name: 'en1', type: 'ethernet', addresses: ['fe80::1', '169.254.3.4', '192.168.1.20'] },
      { name: 'en0', type: 'wifi', addresses: ['192.168.1.30'] },
    ])
    expect(found).toEqual(['192.168.1.30', '192.168.1.20'])
    expect(signInUrl('http://127.0.0.1:52416', found[0], '/sign-in?code=x')).toBe(
      'http://192.168.1.30:52416/sign-in?code=x',
    )
  })

  it('has the name that this page was opened by, if that is not a loopback name', () => {
    expect(signInUrl('http://studio.local:52416', '192.168.1.30', '/sign-in?code=x')).toBe(
      'http://studio.local:52416/sign-in?code=x',
    )
  })
})
