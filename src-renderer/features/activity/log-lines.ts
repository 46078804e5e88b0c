import { z } from 'zod'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** A parsed log line. */
export interface LogLine {
  readonly key: string
  readonly time: string
  readonly level: Level
  readonly part: string
  readonly message: string
  /** The other fields, as text. */
  readonly fields: string
}

const Line = z.looseObject({
  time: z.string().default(''),
  level: z.enum(LEVELS).catch('info'),
  part: z.string().default(''),
  msg: z.string().default(''),
})

const fieldText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Parses a line; one that is not JSON is shown as it is. */
export const logLine = (text: string, number: number): LogLine => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = { msg: text }
  }
  const parsed = Line.safeParse(value)
  const { time, level, part, msg, ...others } = parsed.success ? parsed.data : { ...Line.parse({}), msg: text }
  const fields = Object.entries(others).map(([name, field]) => `${name}=${fieldText(field)}`)
  return { key: String(number), time, level, part, message: msg, fields: fields.join(' ') }
}

/** Lines of at least this level that contain all words. */
export const matchingLines = (
  lines: readonly LogLine[],
  { level, search }: { readonly level: Level; readonly search: string },
): readonly LogLine[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const least = LEVELS.indexOf(level)
  return lines.filter((line) => {
    const text = `${line.part} ${line.message} ${line.fields}`.toLowerCase()
    return LEVELS.indexOf(line.level) >= least && words.every((word) => text.includes(word))
  })
}
