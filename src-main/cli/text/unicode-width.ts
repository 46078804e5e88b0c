import stringWidth from 'string-width'

const segmenter = new Intl.Segmenter()

/** Measures any text: wide characters count as two columns, grapheme clusters stay whole. */
export const UNICODE = {
  widthOf: (text: string): number => stringWidth(text),
  charactersOf: (text: string): readonly string[] => [...segmenter.segment(text)].map(({ segment }) => segment),
}
