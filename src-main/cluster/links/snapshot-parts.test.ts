import { describe, expect, it } from 'vitest'
import type { Message } from '@core/consensus/index'
import { PeerFrame } from '@core/protocols/peer'
import { SnapshotAssembly, snapshotParts } from './snapshot-parts'

const message: Message = { type: 'snapshot', term: 1, log: { sequence: 9, epochs: [] } }
const bytes = Buffer.alloc(1_000_003, 'ä')
const parts = () => [...snapshotParts(message, bytes)]

describe('a snapshot in parts', () => {
  it('is whole with its last part, each of which is a frame', () => {
    const assembly = new SnapshotAssembly()
    const taken = parts().map((part) => assembly.take(PeerFrame.parse(part) as typeof part))
    expect(taken.slice(0, -1)).toEqual(taken.slice(0, -1).map(() => undefined))
    expect(taken.at(-1)?.equals(bytes)).toBe(true)
  })

  it('starts over with a new first part, and yields nothing if a part is missing', () => {
    const assembly = new SnapshotAssembly()
    const [first, second, third] = parts()
    if (!first || !second || !third) throw new Error('three parts')
    assembly.take(first)
    expect(assembly.take(third)).toBeUndefined()
    for (const part of [first, second]) expect(assembly.take(part)).toBeUndefined()
    expect(assembly.take(third)?.equals(bytes)).toBe(true)
  })
})
