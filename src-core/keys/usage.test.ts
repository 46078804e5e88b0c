import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelId } from '../ids'
import { mergedUsage, OTHER_MODELS, usageUpTo, usageView, UsageByKey, withUse, type Use } from './usage'

const NOVEMBER = Date.UTC(2026, 10, 30, 23, 59)
const DECEMBER = Date.UTC(2026, 11, 1)
const counts = (requests: number, promptTokens = 0, completionTokens = 0) => ({
  requests,
  promptTokens,
  cachedTokens: 0,
  completionTokens,
})
const use = (more: Partial<Use> = {}): Use => ({
  key: 'k',
  modelId: ModelId.parse('m/a'),
  counts: counts(1, 10, 5),
  at: NOVEMBER,
  ...more,
})

describe('the usage of a key', () => {
  it('is counted by model, for this month and in total', () => {
    const other = ModelId.parse('m/b')
    const usage = [use(), use({ modelId: other, at: NOVEMBER + 1 }), use({ at: DECEMBER, userAgent: 'curl/8' })].reduce(
      withUse,
      {},
    )
    expect(usageView(usage['k'], DECEMBER)).toEqual({
      lastUsedAt: DECEMBER,
      userAgent: 'curl/8',
      month: counts(1, 10, 5),
      total: counts(3, 30, 15),
      models: [
        { modelId: 'm/a', month: counts(1, 10, 5), total: counts(2, 20, 10), lastUsedAt: DECEMBER },
        { modelId: 'm/b', month: counts(0), total: counts(1, 10, 5), lastUsedAt: NOVEMBER + 1 },
      ],
    })
  })

  it('is the sum over nodes, in any order', () => {
    const uses = fc.array(
      fc.record({
        node: fc.nat(2),
        key: fc.constantFrom('k', 'l'),
        modelId: fc.constantFrom(ModelId.parse('m/a'), ModelId.parse('m/b')),
        at: fc.constantFrom(NOVEMBER, NOVEMBER + 1, DECEMBER, DECEMBER + 7),
        counts: fc.record({
          requests: fc.nat(3),
          promptTokens: fc.nat(9),
          cachedTokens: fc.nat(9),
          completionTokens: fc.nat(9),
        }),
      }),
    )
    fc.assert(
      fc.property(uses, (all) => {
        const nodes = [0, 1, 2].map((node) => all.filter((one) => one.node === node).reduce(withUse, {}))
        const together = all.reduce(withUse, {})
        expect(mergedUsage(...nodes)).toEqual(together)
        expect(mergedUsage(...nodes.reverse())).toEqual(together)
        expect(UsageByKey.parse(together)).toEqual(together)
      }),
    )
  })

  it('stays small however many models and whatever clients there were, and loses no token', () => {
    let usage: UsageByKey = {}
    for (let number = 0; number < 500; number += 1)
      usage = withUse(
        usage,
        use({ modelId: ModelId.parse(`m/${number}`), at: NOVEMBER + number, userAgent: 'x'.repeat(5000) }),
      )
    const { models, total, userAgent } = usageView(usage['k'], NOVEMBER)
    expect([models.length, total, userAgent?.length]).toEqual([64, counts(500, 5000, 2500), 200])
    expect(models.some(({ modelId }) => modelId === OTHER_MODELS)).toBe(true)
    expect(models[0]?.modelId).toBe('m/499')
  })

  it('of this month is not hidden by a node whose clock is ahead', () => {
    const [ahead, right] = [withUse({}, use({ at: DECEMBER, userAgent: 'a' })), withUse({}, use())]
    const seen = (now: number) => usageView(mergedUsage(...[ahead, right].map((one) => usageUpTo(now, one)))['k'], now)
    expect(seen(NOVEMBER)).toMatchObject({ lastUsedAt: NOVEMBER, month: counts(1, 10, 5), total: counts(2, 20, 10) })
    expect(seen(DECEMBER)).toMatchObject({ lastUsedAt: DECEMBER, month: counts(1, 10, 5), total: counts(2, 20, 10) })
  })

  it('is zero if it was never used', () => {
    expect(usageView(undefined, NOVEMBER)).toEqual({ month: counts(0), total: counts(0), models: [] })
  })
})
