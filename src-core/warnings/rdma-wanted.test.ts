import { describe, expect, it } from 'vitest'
import { Macs } from '../testing/macs'
import { rdmaWanted, wantedBetween } from './rdma-wanted'

const cluster = () => {
  const macs = new Macs()
  const [a, b] = [macs.mac('a'), macs.mac('b')]
  const old = macs.mac('old', { maxGbps: 40 })
  const alone = macs.mac('alone')
  macs.cable([a, 1], [b, 1]).cable([a, 2], [old, 1], { gbps: 40 })
  return { macs, a, b, old, alone }
}

describe('RDMA', () => {
  it('does not matter without a Thunderbolt 5 cable and without a request', () => {
    const macs = new Macs()
    const [a, b] = [macs.mac('a', { maxGbps: 40 }), macs.mac('b')]
    macs.cable([a, 1], [b, 1], { gbps: 40 })
    macs.declare('ring', { instanceMeta: 'MlxRing' })
    expect([...rdmaWanted(macs.state)]).toEqual([])
  })

  it('is possible if both ends of a cable are Thunderbolt 5', () => {
    const { macs } = cluster()
    expect([...rdmaWanted(macs.state)]).toEqual([
      ['a', 'hint'],
      ['b', 'hint'],
    ])
  })

  it('is requested of all such machines, and no others, by a declaration that leaves the choice open', () => {
    const { macs } = cluster()
    macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2 })
    expect([...rdmaWanted(macs.state)]).toEqual([
      ['a', 'warning'],
      ['b', 'warning'],
    ])
  })

  it('is requested of the machines that a declaration names, cabled or not', () => {
    const { macs, old, alone } = cluster()
    macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2, nodeIds: [old, alone] })
    expect(Object.fromEntries(rdmaWanted(macs.state))).toEqual({
      a: 'hint',
      b: 'hint',
      old: 'warning',
      alone: 'warning',
    })
  })

  it('is not requested by a declaration that is paused', () => {
    const { macs } = cluster()
    macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2, paused: true })
    expect([...rdmaWanted(macs.state).values()]).toEqual(['hint', 'hint'])
  })

  it('matters between two machines as much as to the one it matters less to', () => {
    const { macs, a, b, old, alone } = cluster()
    macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2, nodeIds: [a, old] })
    const wanted = rdmaWanted(macs.state)
    expect(wantedBetween(wanted, [a, old])).toBe('warning')
    expect(wantedBetween(wanted, [a, b])).toBe('hint')
    expect(wantedBetween(wanted, [a, alone])).toBeUndefined()
  })
})
