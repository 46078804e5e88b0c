import { describe, expect, it } from 'vitest'
import { commonProtocol, OLDEST_PEER_PROTOCOL, PEER_PROTOCOL, protocolRefusal } from './peer'

const speaks = (from: number, to: number, version = `0.${to}`) => ({ protocols: { from, to }, version })

describe('two machines', () => {
  it.each([
    ['the same versions', speaks(1, 1), speaks(1, 1), 1],
    ['a newer one that still speaks ours', speaks(1, 3), speaks(1, 1), 1],
    ['several in common: the highest', speaks(1, 5), speaks(2, 3), 3],
    ['one in common, at the edge', speaks(3, 5), speaks(1, 3), 3],
    ['a newer one that does not speak ours any more', speaks(2, 3), speaks(1, 1), undefined],
    ['one that is too old for ours', speaks(1, 1), speaks(2, 4), undefined],
    ['one whose range is none', speaks(3, 1), speaks(1, 3), undefined],
    ['one that claims to speak everything', speaks(-5, 1000), speaks(2, 4), 4],
  ] as const)('talk by the highest protocol that both speak: %s', (_what, theirs, own, common) => {
    expect(commonProtocol(theirs, own)).toBe(common)
    expect(commonProtocol(own, theirs)).toBe(common)
  })

  it('of this version use its own protocol', () => {
    expect(commonProtocol(speaks(OLDEST_PEER_PROTOCOL, PEER_PROTOCOL))).toBe(PEER_PROTOCOL)
  })

  it('without a common protocol both learn which one to update', () => {
    const [old, young] = [speaks(1, 1, '0.1.0'), speaks(2, 3, '2.0.0')]
    expect(protocolRefusal(old, young)).toBe('Muster 0.1.0 is too old for Muster 2.0.0: update Muster 0.1.0')
    expect(protocolRefusal(young, old)).toBe(protocolRefusal(old, young))
  })

  it('learn it within the length of a close reason', () => {
    const reason = protocolRefusal(speaks(1, 1, 'ä'.repeat(50)), speaks(2, 3, '€'.repeat(50)))
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
  })
})
