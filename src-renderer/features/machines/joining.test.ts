import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import type { Nearby } from '../../state/membership.svelte'
import { countdown, Invitation } from './invitation.svelte'
import { digitGroups, nearbyClusters, nearbyName, parseJoin } from './joining'

const near = (name: string, clusterId: string): Nearby => ({
  nodeId: NodeId.parse(name),
  clusterId,
  version: '0.1.0',
  friendlyName: name,
  addresses: ['10.0.0.2'],
})

describe('joining', () => {
  it('groups the machines of a cluster', () => {
    const clusters = nearbyClusters([near('Studio', 'one'), near('Mini', 'two'), near('Pro', 'one')])
    expect(clusters.map(({ machines, contact }) => [contact.nodeId, machines.map(nearbyName)])).toEqual([
      ['Studio', ['Studio', 'Pro']],
      ['Mini', ['Mini']],
    ])
    expect(nearbyName({ nodeId: NodeId.parse('a'.repeat(64)) })).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  })

  it.each([
    ['muster1.abc', { token: 'muster1.abc' }],
    ['  muster join muster1.abc\n', { token: 'muster1.abc' }],
    ['192.168.1.20:52417', { address: '192.168.1.20:52417' }],
    ['muster join studio.local', { address: 'studio.local' }],
    ['fe80::1%en0', { address: 'fe80::1%en0' }],
    ['', undefined],
    ['two words', undefined],
    ['muster1.', { address: 'muster1.' }],
  ])('parses %j', (text, expected) => {
    expect(parseJoin(text)).toEqual(expected)
  })

  it('shows digits in groups', () => {
    expect(digitGroups('012345')).toEqual(['012', '345'])
  })
})

describe('an invitation', () => {
  it('counts down by seconds, and ends', () => {
    expect(countdown(600_000, 0)).toBe('10:00')
    expect(countdown(600_000, 55_500)).toBe('9:05')
    expect(countdown(600_000, 599_001)).toBe('0:01')
    expect(countdown(600_000, 600_000)).toBeUndefined()
  })

  it('stays as it was if a new one cannot be created, and shows the reason', async () => {
    const answers = [
      () => Promise.resolve({ token: 'muster1.a', expiresAt: 1 }),
      () => Promise.reject(new Error('away')),
    ]
    const invitation = new Invitation(() => answers.shift()?.() ?? Promise.reject(new Error('none')))
    await invitation.create()
    await invitation.create()
    expect(invitation).toMatchObject({ current: { token: 'muster1.a' }, problem: new Error('away'), busy: false })
    await invitation.create()
    expect(invitation.problem).toEqual(new Error('none'))
  })
})
