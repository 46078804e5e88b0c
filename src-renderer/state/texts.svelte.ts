import { benchmarkTexts, type BenchmarkTexts } from '@core/benchmark/benchmark-text'
import type { CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { figuresOf, type Figures } from '@core/texts/figures'
import type { Language } from '@core/texts/language'
import { codedSayer, type SayCoded } from '@core/texts/say-coded'
import { english, type Translate, type Translator } from '@core/texts/translator'

/** The language that the window speaks. Whatever says a text is drawn anew when it changes. */
let spoken: Translator = $state.raw(english)
const figures: Figures = $derived(figuresOf(spoken))
const sayCoded: SayCoded = $derived(codedSayer(spoken))
const benchmarks: BenchmarkTexts = $derived(benchmarkTexts(spoken))

/** A text of the app in the language of the window. */
export const t: Translate = (key, ...values) => spoken.text(key, ...values)

/** A text with tags in it, in pieces. */
export const tParts: Translator['parts'] = (key, ...values) => spoken.parts(key, ...values)

/** Sizes, times and speeds in the language of the window. */
export const said = (): Figures => figures

/** What there is to say of benchmarks in the language of the window. */
export const benchmarkSaid = (): BenchmarkTexts => benchmarks

/** What an error of the API means to a reader of another language than English; undefined where its message says it. */
export const problemSaid = (code: string): string | undefined => spoken.problem(code)

/** A sentence of the node's in the language of the window; its English text where this version does not know it. */
export const nodeText = (sentence: CodedText | undefined, englishText: string): string =>
  (sentence && sayCoded(sentence)) ?? englishText

/** The same of a sentence that this window made itself. */
export const codedText = (sentence: CodedText): string => nodeText(sentence, inEnglish(sentence))

export const spokenLanguage = (): Language => spoken.language

export const speak = (translator: Translator): void => {
  spoken = translator
}

/** A time as this language writes it. */
const timeAs = (time: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(spoken.language, options).format(time)

/** `Nov 28, 2026`. */
export const dateText = (time: number): string => timeAs(time, { dateStyle: 'medium' })

/** `Nov 28, 2026, 6:45 PM`. */
export const dateTimeText = (time: number): string => timeAs(time, { dateStyle: 'medium', timeStyle: 'short' })

/** `06:45 PM`, as a clock in this language shows it. */
export const clockText = (time: number): string => timeAs(time, { hour: '2-digit', minute: '2-digit' })

/** `18:45:07`, as logs have it. */
export const secondsClockText = (time: number): string => timeAs(time, { timeStyle: 'medium', hourCycle: 'h23' })

/** A day in January 2024 that was a Monday, at noon in UTC. */
const MONDAY = Date.UTC(2024, 0, 1, 12)
const DAY_MS = 86_400_000

/** `Mon` for 0, `Sun` for 6. */
export const weekdayText = (day: number): string => timeAs(MONDAY + day * DAY_MS, { weekday: 'short', timeZone: 'UTC' })

/** Several things in one sentence: `a, b, and c`. */
export const listText = (items: readonly string[]): string =>
  new Intl.ListFormat(spoken.language, { type: 'conjunction' }).format(items)
