import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBlamed, SuspectLedger } from './ledger'
import { MAX_DEATHS, MAX_KNOWN_DEATHS, MAX_SUSPECTS, SUSPICION_MS, type Suspicion } from './suspicion'

const death = (deathId: string, { cleared = false } = {}) => ({ deathId, cause: `cause of ${deathId}`, cleared })
const suspicion = (digest: string, deaths: Suspicion['deaths'], remainingMs = SUSPICION_MS): Suspicion => ({
  digest,
  remainingMs,
  deaths,
})

/** A ledger's contents, independent of the order of reports. */
const contents = (ledger: SuspectLedger): unknown =>
  ledger
    .all(0)
    .map((one) => ({ ...one, deaths: one.deaths.toSorted((a, b) => a.deathId.localeCompare(b.deathId)) }))
    .toSorted((a, b) => a.digest.localeCompare(b.digest))

describe('reports of suspects between machines', () => {
  it('give the same ledger in any order and with any repetition', () => {
    const told = fc.record({
      digest: fc.constantFrom('a', 'b'),
      remainingMs: fc.integer({ min: 1, max: SUSPICION_MS }),
      deaths: fc.array(
        fc
          .record({ deathId: fc.constantFrom('1', '2', '3'), cleared: fc.boolean() })
          .map(({ deathId, cleared }) => death(deathId, { cleared })),
        { minLength: 1, maxLength: 4 },
      ),
    })
    const schedules = fc
      .array(told, { maxLength: 8 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length })))
    const flags = (ledger: SuspectLedger): unknown =>
      JSON.parse(JSON.stringify(contents(ledger)).replaceAll(/"remainingMs":\d+/g, '"remainingMs":0'))
    fc.assert(
      fc.property(schedules, ([all, shuffled]) => {
        const [one, other] = [new SuspectLedger(), new SuspectLedger()]
        for (const each of all) one.merge([each], 0)
        for (const each of shuffled) other.merge([each], 0)
        expect(flags(other)).toEqual(flags(one))
        expect(other.merge(one.all(0), 0)).toEqual([])
      }),
    )
  })

  it('count a death once, and two deaths suffice', () => {
    const ledger = new SuspectLedger()
    ledger.merge([suspicion('a', [death('1')])], 0)
    expect(ledger.merge([suspicion('a', [death('1')])], 5)).toEqual([])
    expect(isBlamed(ledger.causes('a', 5))).toBe(false)
    ledger.merge([suspicion('a', [death('2')])], 5)
    expect(ledger.causes('a', 5)).toHaveLength(MAX_DEATHS)
    expect(isBlamed(ledger.causes('a', 5))).toBe(true)
  })

  it('hold nothing against a cleared request, even if the death is reported again', () => {
    const ledger = new SuspectLedger()
    ledger.merge([suspicion('a', [death('1')])], 0)
    expect(ledger.clear('a', 0)).toEqual([suspicion('a', [death('1', { cleared: true })])])
    ledger.merge([suspicion('a', [death('1')])], 0)
    expect(ledger.causes('a', 0)).toEqual([])
    expect(ledger.clear('a', 0)).toEqual([])
    expect(ledger.clear('unknown', 0)).toEqual([])
  })

  it('expire some time after the latest death, and repetition never extends them', () => {
    const [one, other] = [new SuspectLedger(), new SuspectLedger()]
    one.merge([suspicion('a', [death('1')])], 0)
    for (let now = 0; now < SUSPICION_MS; now += SUSPICION_MS / 10) {
      other.merge(one.all(now), now)
      one.merge(other.all(now), now)
      one.merge([suspicion('a', [death('1')])], now)
    }
    expect(one.of('a', SUSPICION_MS - 1)).toBeDefined()
    expect([one.of('a', SUSPICION_MS), other.of('a', SUSPICION_MS)]).toEqual([undefined, undefined])
    one.merge([], SUSPICION_MS)
    expect(one.isEmpty).toBe(true)
  })

  it('keep the first death of a request as long as its latest', () => {
    const ledger = new SuspectLedger()
    ledger.merge([suspicion('a', [death('1')])], 0)
    ledger.merge([suspicion('a', [death('2')])], SUSPICION_MS - 1)
    expect(isBlamed(ledger.causes('a', 2 * SUSPICION_MS - 2))).toBe(true)
  })

  it('are bounded in requests and in deaths of each; cleared deaths are evicted first', () => {
    const ledger = new SuspectLedger()
    ledger.merge([suspicion('old', [death('1')])], 0)
    ledger.merge(
      Array.from({ length: MAX_SUSPECTS }, (_, n) => suspicion(`later ${n}`, [death('1')])),
      0,
    )
    expect(ledger.all(0)).toHaveLength(MAX_SUSPECTS)
    expect(ledger.of('old', 0)).toBeUndefined()
    ledger.merge([suspicion('later 0', [death('held against it')])], 0)
    for (let n = 0; n < 2 * MAX_KNOWN_DEATHS; n += 1)
      ledger.merge([suspicion('later 0', [death(`survived ${n}`, { cleared: true })])], 0)
    expect(ledger.of('later 0', 0)?.deaths).toHaveLength(MAX_KNOWN_DEATHS)
    expect(ledger.causes('later 0', 0)).toContain('cause of held against it')
  })
})
