import { beforeAll, describe, expect, it } from 'vitest'
import { createCertificate } from '../certificate'
import { commitmentTo, digitsOf, drawNonce } from './digits'

describe('the six digits', () => {
  let joiner: string
  let member: string
  let between: string
  beforeAll(async () => {
    const [a, b, c] = await Promise.all([createCertificate(), createCertificate(), createCertificate()])
    joiner = a.certificate
    member = b.certificate
    between = c.certificate
  })

  it('are the same at both ends of one channel', () => {
    const [a, b] = [drawNonce(), drawNonce()]
    const seen = { joiner: { certificate: joiner, nonce: a }, member: { certificate: member, nonce: b } }
    expect(digitsOf(seen)).toMatch(/^\d{6}$/)
    expect(digitsOf({ ...seen })).toBe(digitsOf(seen))
  })

  it('differ with a man in the middle, whatever nonces he forwards', () => {
    const differing = Array.from({ length: 20 }, () => {
      const [a, b] = [drawNonce(), drawNonce()]
      const atJoiner = digitsOf({
        joiner: { certificate: joiner, nonce: a },
        member: { certificate: between, nonce: b },
      })
      const atMember = digitsOf({
        joiner: { certificate: between, nonce: a },
        member: { certificate: member, nonce: b },
      })
      return atJoiner !== atMember
    })
    expect(differing.filter(Boolean).length).toBeGreaterThan(18)
  })

  it('depend on nonces that are committed to before the other one is known', () => {
    const nonce = drawNonce()
    expect(commitmentTo(nonce)).toBe(commitmentTo(nonce))
    expect(commitmentTo(nonce)).not.toBe(commitmentTo(drawNonce()))
  })
})
