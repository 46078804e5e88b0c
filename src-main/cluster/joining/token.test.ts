import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { monotonic } from '@core/time/clocks'
import { INVITATION_MS, Invitations, parseToken, printToken } from './token'

describe('an invitation', () => {
  it('lets somebody in once', () => {
    const invitations = new Invitations()
    const { secret } = invitations.create()
    expect(invitations.redeem('another')).toBe('unknown')
    expect(invitations.redeem(secret)).toBe('welcome')
    expect(invitations.redeem(secret)).toBe('unknown')
  })

  it('is still good where the machine that offered it could not be let in, and only then', () => {
    let now = 0
    const invitations = new Invitations(() => now)
    const { secret } = invitations.create()
    expect(invitations.redeem(secret)).toBe('welcome')
    expect(invitations.redeem(secret)).toBe('unknown')
    invitations.settle(secret, { isLetIn: false })
    expect(invitations.redeem(secret)).toBe('welcome')
    invitations.settle(secret, { isLetIn: true })
    invitations.settle(secret, { isLetIn: false })
    expect(invitations.redeem(secret)).toBe('unknown')
    const late = invitations.create().secret
    expect(invitations.redeem(late)).toBe('welcome')
    now = INVITATION_MS + 1
    invitations.settle(late, { isLetIn: false })
    expect(invitations.redeem(late)).toBe('expired')
  })

  it('expires after ten minutes, and is then used up as well', () => {
    let now = 0
    const invitations = new Invitations(() => now)
    const { secret, expiresAt } = invitations.create()
    expect(expiresAt).toBe(INVITATION_MS)
    now = INVITATION_MS + 1
    expect(invitations.redeem(secret)).toBe('expired')
    now = 0
    expect(invitations.redeem(secret)).toBe('unknown')
  })

  it('expires after ten minutes also where the clock was set back meanwhile', () => {
    let [now, elapsed] = [1_000_000_000, 0]
    const invitations = new Invitations(
      () => now,
      () => monotonic(elapsed),
    )
    const [first, second] = [invitations.create(), invitations.create()]
    now = 0
    elapsed = INVITATION_MS
    expect(invitations.redeem(first.secret)).toBe('welcome')
    elapsed = INVITATION_MS + 1
    expect(invitations.redeem(second.secret)).toBe('expired')
  })

  it('can be read where the machine that invites has hundreds of addresses', () => {
    const token = printToken({
      clusterId: 'home',
      fingerprint: NodeId.parse('f'.repeat(64)),
      secret: new Invitations().create().secret,
      addresses: Array.from({ length: 300 }, (_, n) => ({ ip: `10.0.${Math.floor(n / 250)}.${n % 250}`, port: 52417 })),
    })
    expect(parseToken(token)?.addresses[0]).toEqual({ ip: '10.0.0.0', port: 52417 })
  })

  it('survives being copied with line breaks, and nothing else is taken for one', () => {
    const invitation = {
      clusterId: 'home',
      fingerprint: NodeId.parse('f'.repeat(64)),
      secret: new Invitations().create().secret,
      addresses: [{ ip: '10.0.0.1', port: 52417 }],
    }
    const token = printToken(invitation)
    expect(parseToken(`${token.slice(0, 40)}\n  ${token.slice(40)} `)).toEqual(invitation)
    for (const text of ['', 'muster1.', 'muster1.e30', token.slice(8), token.slice(0, 60)])
      expect(parseToken(text)).toBeUndefined()
  })
})
