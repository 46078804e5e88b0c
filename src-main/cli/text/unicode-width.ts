import stringWidth from 'string-width'
import type { Measure } from './table'

const segmenter = new Intl.Segmenter()

/** Measures any text: wide characters count as two columns, grapheme clusters stay whole. */
export const UNICODE: Measure = {
  widthOf: (text) => stringWidth(text),
  charactersOf: (text) => [...segmenter.segment(text)].map(({ segment }) => segment),
}
