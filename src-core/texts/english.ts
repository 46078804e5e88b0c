import type { CodedText } from './coded'
import { nodeTexts } from './en/node'
import { figuresOf } from './figures'
import { codedRenderer } from './render-coded'
import { translatorOf } from './translator-of'

const node = translatorOf('en', nodeTexts)
const say = codedRenderer(node)

/** The English text of a sentence, as sent over the API, logged and printed by the command line. */
export const inEnglish = (sentence: CodedText): string => say(sentence) ?? sentence.code

/** `142 GB`, `6.2 GB`, `0.54 GB`. */
export const gigabytes: (bytes: number) => string = figuresOf(node).gigabytes
