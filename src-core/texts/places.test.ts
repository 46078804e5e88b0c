import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, it } from 'vitest'
import { en } from './en'
import { placesOf, withValues } from './places'

/** A value for each name in a message that does not need ICU. */
const valuesFor = (message: string) =>
  Object.fromEntries(
    [...message.matchAll(/\{(\w+)\}/g)].map(([, name = ''], at) => [name, at % 2 ? `a ${name}` : 12.5]),
  )

describe('a message of plain values', () => {
  it('gives the same text as the ICU formatter, for every message of the catalogue', () => {
    const messages = Object.values(en).flatMap((area) => Object.values<string>(area))
    const plain = messages.filter((message) => placesOf(message) !== 'needs-icu')
    expect(plain.length).toBeGreaterThan(messages.length / 2)
    for (const message of plain) {
      const [places, values] = [placesOf(message), valuesFor(message)]
      expect(places === 'needs-icu' ? undefined : withValues(places, values)).toBe(
        String(new IntlMessageFormat(message, 'en').format(values)),
      )
    }
  })

  it('has no plurals, tags, quotes or formatted values', () => {
    expect(placesOf('on {name}')).toEqual([{ text: 'on ' }, { value: 'name' }])
    for (const message of ['{count, plural, one {#} other {#}}', '<b>now</b>', "it''s", '{when, date}'])
      expect(placesOf(message)).toBe('needs-icu')
  })

  it('gives no text while a value is missing', () => {
    const places = placesOf('on {name}')
    expect(places === 'needs-icu' ? places : withValues(places, {})).toBeUndefined()
  })
})
