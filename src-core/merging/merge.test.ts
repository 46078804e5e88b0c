import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApiKeyId, MetaInstanceId, ModelId, NodeId } from '../ids'
import type { Declared, Stamped } from './declared'
import { merge } from './merge'
import { compareStamps, type EntityStamps, type Stamp } from '../state/stamp'

const stamp = (most: number): fc.Arbitrary<Stamp> =>
  fc.record({ at: fc.nat(most), index: fc.nat(2), node: fc.constantFrom('a', 'b') })

const LATE = 10
/** A field is written after its entity was created. */
const stamps = (fields: readonly string[]): fc.Arbitrary<EntityStamps> =>
  fc.record({
    created: stamp(LATE),
    fields: fc.dictionary(
      fc.constantFrom(...fields),
      stamp(LATE).map((one) => ({ ...one, at: one.at + LATE + 1 })),
      { noNullPrototype: true },
    ),
  })

const stamped = <Value>(value: fc.Arbitrary<Value>, fields: readonly string[]): fc.Arbitrary<Stamped<Value>> =>
  fc.record({ value, stamps: stamps(fields) })

const ids = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  fc.dictionary(fc.constantFrom('x', 'y'), value, { noNullPrototype: true })

const name = fc.constantFrom('chat', 'chat 2', 'writer')

const declared: fc.Arbitrary<Declared> = fc.record({
  metaInstances: ids(
    stamped(
      fc.record(
        {
          metaInstanceId: fc.constant(MetaInstanceId.parse('x')),
          modelId: fc.constantFrom('m/a', 'm/b').map((id) => ModelId.parse(id)),
          sharding: fc.constant('Pipeline' as const),
          instanceMeta: fc.constant('MlxRing' as const),
          minNodes: fc.constantFrom(1, 2),
          placementPreference: fc.constant('auto' as const),
          paused: fc.boolean(),
          createdAt: fc.constant(1),
          name,
        },
        {
          requiredKeys: [
            ...(['metaInstanceId', 'modelId', 'sharding', 'instanceMeta', 'minNodes'] as const),
            ...(['placementPreference', 'paused', 'createdAt'] as const),
          ],
        },
      ),
      ['modelId', 'minNodes', 'paused', 'name'],
    ),
  ),
  apiKeys: ids(
    stamped(
      fc.record({
        apiKeyId: fc.constant(ApiKeyId.parse('x')),
        name,
        hash: fc.constant('h'),
        createdAt: fc.constant(1),
      }),
      ['name', 'limits'],
    ),
  ),
  members: ids(
    stamped(
      fc.record({
        nodeId: fc.constant(NodeId.parse('x')),
        certificate: fc.constant('c'),
        friendlyName: name,
        admittedAt: fc.constant(1),
      }),
      ['friendlyName'],
    ),
  ),
  settings: stamped(fc.record({ name, maxRetries: fc.nat(3) }), ['name', 'maxRetries']),
  removed: fc.record({ metaInstances: ids(fc.nat(LATE)), apiKeys: ids(fc.nat(LATE)), members: ids(fc.nat(LATE)) }),
})
/** As in a real state: no entity exists that was removed after its creation. */
const sound = declared.map((one) => merge(one, one))

describe('a merge of the declarations of two sides', () => {
  it('gives the same result whichever side merges', () => {
    fc.assert(
      fc.property(sound, sound, (a, b) => {
        expect(merge(a, b)).toEqual(merge(b, a))
      }),
    )
  })

  it('gives the same result in whatever order three sides meet', () => {
    fc.assert(
      fc.property(sound, sound, sound, (a, b, c) => {
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)))
      }),
    )
  })

  it('changes nothing a second time', () => {
    fc.assert(
      fc.property(sound, sound, (a, b) => {
        const once = merge(a, b)
        expect(merge(a, a)).toEqual(a)
        expect(merge(once, b)).toEqual(once)
      }),
    )
  })

  it('keeps the newest write of every register, and no entity that was removed after its creation', () => {
    fc.assert(
      fc.property(sound, sound, (a, b) => {
        const { members, removed } = merge(a, b)
        for (const [id, { value, stamps }] of Object.entries(members)) {
          expect(stamps.created.at).toBeGreaterThan(removed.members[id] ?? -1)
          for (const side of [a, b]) {
            const one = side.members[id]
            if (!one) continue
            const newer = compareStamps(one.stamps.created, stamps.created)
            expect(newer).toBeLessThanOrEqual(0)
            const [theirs, kept] = [one, { value, stamps }].map((each) => each.stamps.fields['friendlyName'])
            if (newer === 0 && theirs) expect(kept && compareStamps(theirs, kept)).toBeLessThanOrEqual(0)
          }
        }
      }),
    )
  })
})
