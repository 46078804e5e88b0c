/** Measures text in terminal columns. */
export interface Measure {
  widthOf(text: string): number
  /** Grapheme clusters. */
  charactersOf(text: string): readonly string[]
}

const ELLIPSIS = '…'

const ASCII: Measure = { widthOf: ({ length }) => length, charactersOf: (text) => [...text] }

/** The measure needed for these texts: `string-width` is loaded only for non-ASCII text, because it takes 30 ms. */
export const measureFor = async (texts: readonly string[]): Promise<Measure> =>
  texts.every((text) => /^[ -~]*$/.test(text)) ? ASCII : (await import('./unicode-width')).UNICODE

/** Truncates text to `width` columns, with an ellipsis. */
export const cutTo = (text: string, width: number, { widthOf, charactersOf }: Measure): string => {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of charactersOf(text)) {
    used += widthOf(character)
    if (used > width - ELLIPSIS.length) break
    kept += character
  }
  return `${kept}${ELLIPSIS}`
}
