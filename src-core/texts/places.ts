/** A piece of a message: literal text, or the name of a value. */
export type Place = { readonly text: string } | { readonly value: string }

/** A value's name between braces, without a type. */
const VALUE = /\{([a-zA-Z]\w*)\}/g

/** Characters that only the ICU formatter interprets: other braces, tags and quotes. */
const ICU = /[{}<']/

/** Splits a message that consists only of text and plain values into pieces. */
export const placesOf = (message: string): readonly Place[] | 'needs-icu' => {
  // Split at a pattern with a group: texts are at even positions, names at odd ones.
  const pieces = message.split(VALUE)
  if (pieces.some((piece, at) => at % 2 === 0 && ICU.test(piece))) return 'needs-icu'
  return pieces.flatMap((piece, at): Place[] => {
    if (at % 2 === 1) return [{ value: piece }]
    return piece === '' ? [] : [{ text: piece }]
  })
}

/** Joins the pieces with their values; undefined if a value is missing or is neither a text nor a number. */
export const withValues = (
  places: readonly Place[],
  values: Readonly<Record<string, unknown>> | undefined,
): string | undefined => {
  let text = ''
  for (const place of places) {
    if ('text' in place) {
      text += place.text
      continue
    }
    const value = values?.[place.value]
    if (typeof value !== 'string' && typeof value !== 'number') return undefined
    text += value
  }
  return text
}
