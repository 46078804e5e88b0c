import stringWidth from 'string-width'
import type { Measure } from './table'

const segmenter = new Intl.Segmenter()

/** Measures any text: wide characters take two columns, and what is put together of several stays together. */
export const UNICODE: Measure = {
  widthOf: (text) => stringWidth(text),
  charactersOf: (text) => [...segmenter.segment(text)].map(({ segment }) => segment),
}
