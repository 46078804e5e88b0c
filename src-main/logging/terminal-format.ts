import { z } from 'zod'

/** What an error said: of one that pino wrote with its stack, or of its text alone. */
const Said = z.union([z.string(), z.looseObject({ message: z.string() }).transform(({ message }) => message)])

const Line = z.looseObject({
  time: z.string(),
  level: z.string(),
  msg: z.string().default(''),
  part: z.string().optional(),
  err: Said.optional().catch(undefined),
  error: Said.optional().catch(undefined),
})

const colours: Readonly<Record<string, string>> = { warn: '\u001b[33m', error: '\u001b[31m', debug: '\u001b[2m' }
const PLAIN = '\u001b[0m'

/** Formats a value; text with spaces is quoted, so that `name=value` pairs stay apart. */
const printed = (value: unknown): string => {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value
  return JSON.stringify(value)
}

const clock = (time: string): string => {
  const at = new Date(time)
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** Formats a JSON line of the log for people: `09:12:44 warn worker: runner failed (model=a/b)`. */
export const formatForTerminal = (json: string, { colour }: { readonly colour: boolean }): string => {
  const { time, level, msg, part, err, error = err, ...fields } = Line.parse(JSON.parse(json))
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${printed(value)}`)
  const text = [
    clock(time),
    level,
    `${part ? `${part}: ` : ''}${msg}${error ? `: ${error}` : ''}`,
    ...(pairs.length > 0 ? [`(${pairs.join(' ')})`] : []),
  ].join(' ')
  const paint = colour ? colours[level] : undefined
  return paint ? `${paint}${text}${PLAIN}\n` : `${text}\n`
}
