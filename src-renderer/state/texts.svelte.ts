import { benchmarkTexts, type BenchmarkTexts } from '@core/benchmark/benchmark-text'
import { placementWords, type PlacementWords } from '@core/placement/placement-words'
import { declarationLines, type DeclarationLines } from '@core/status-lines/declaration-lines'
import type { CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { figuresOf, type Figures } from '@core/texts/figures'
import type { Language } from '@core/texts/language'
import { codedRenderer, type RenderCoded } from '@core/texts/render-coded'
import { timesOf, type TimeText } from '@core/texts/times'
import { english, type Translate, type Translator } from '@core/texts/translator'

/** The window's language. Reactive: every reader of a text is re-rendered when it changes. */
let spoken: Translator = $state.raw(english)
const figures: Figures = $derived(figuresOf(spoken))
const renderCoded: RenderCoded = $derived(codedRenderer(spoken))
const placements: PlacementWords = $derived(placementWords(spoken))
const lines: DeclarationLines = $derived(declarationLines(spoken))
const times: TimeText = $derived(timesOf(spoken.language))
const benchmarks: BenchmarkTexts = $derived(benchmarkTexts(spoken))

/** A text in the window's language. */
export const t: Translate = (key, ...values) => spoken.text(key, ...values)

/** A text with tags, as parts. */
export const tParts: Translator['parts'] = (key, ...values) => spoken.parts(key, ...values)

/** Formats sizes, times and speeds in the window's language. */
export const formats = (): Figures => figures

/** Says why the placement refused, in the window's language. */
export const placementFormats = (): PlacementWords => placements

/** Says how declarations and their instances are, in the window's language. */
export const statusLines = (): DeclarationLines => lines

/** Benchmark texts in the window's language. */
export const benchmarkFormats = (): BenchmarkTexts => benchmarks

/** Translation of an API error; undefined in English, or if its message is needed. */
export const problemMeaning = (code: string): string | undefined => spoken.problem(code)

/** What a failure with that code means, in the user's language; without a translation, the node's English message. */
export const failureText = (code: string | undefined, message: string): string =>
  (code === undefined ? undefined : problemMeaning(code)) ?? message

/** Translation of a sentence from the node; its English text if this version lacks the key. */
export const nodeText = (sentence: CodedText | undefined, englishText: string): string =>
  (sentence && renderCoded(sentence)) ?? englishText

/** Translation of a sentence made by this window. */
export const codedText = (sentence: CodedText): string => nodeText(sentence, inEnglish(sentence))

export const spokenLanguage = (): Language => spoken.language

export const speak = (translator: Translator): void => {
  spoken = translator
}

const DATE = { dateStyle: 'medium' } as const
const UTC_DATE = { ...DATE, timeZone: 'UTC' } as const
const DATE_TIME = { dateStyle: 'medium', timeStyle: 'short' } as const
const CLOCK = { hour: '2-digit', minute: '2-digit' } as const
const SECONDS_CLOCK = { timeStyle: 'medium', hourCycle: 'h23' } as const
const WEEKDAY = { weekday: 'short', timeZone: 'UTC' } as const

/** Formats a time in the window's language. Pass the same object of options each time. */
const timeAs: TimeText = (time, options) => times(time, options)

/** `Nov 28, 2026`. */
export const dateText = (time: number): string => timeAs(time, DATE)

/** The same, of UTC's day at that time. */
export const utcDateText = (time: number): string => timeAs(time, UTC_DATE)

/** `Nov 28, 2026, 6:45 PM`. */
export const dateTimeText = (time: number): string => timeAs(time, DATE_TIME)

/** `06:45 PM`: a clock time. */
export const clockText = (time: number): string => timeAs(time, CLOCK)

/** `18:45:07`, as in logs. */
export const secondsClockText = (time: number): string => timeAs(time, SECONDS_CLOCK)

/** A Monday in January 2024, noon UTC. */
const MONDAY = Date.UTC(2024, 0, 1, 12)
const DAY_MS = 86_400_000

/** `Mon` for 0, `Sun` for 6. */
export const weekdayText = (day: number): string => timeAs(MONDAY + day * DAY_MS, WEEKDAY)

/** Joins a list: `a, b, and c`. */
export const listText = (items: readonly string[]): string =>
  new Intl.ListFormat(spoken.language, { type: 'conjunction' }).format(items)
