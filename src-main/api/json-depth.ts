import { z } from 'zod'

/**
 * Maximum nesting of objects and lists, in a body and in JSON text inside one, such as tool call arguments. Far more
 * than any request needs, far less than any program's stack holds.
 */
export const MAX_DEPTH = 200

const TOO_DEEP = `more than ${MAX_DEPTH} objects and lists within one another`

/** The error for a body that is nested too deeply. */
export const tooDeep = (what: string): string => `${what} has ${TOO_DEEP}`

const BACKSLASH = 0x5c

/** Whether a quote inside a string belongs to its text: after an odd number of backslashes. */
export const isEscaped = (text: string, quote: number): boolean => {
  let at = quote
  while (text.charCodeAt(at - 1) === BACKSLASH) at -= 1
  return (quote - at) % 2 === 1
}

/** Index of the quote that ends a string; the text's last index if none does. */
const endOfString = (text: string, from: number): number => {
  let quote = text.indexOf('"', from)
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1)
  return quote === -1 ? text.length - 1 : quote
}

/**
 * Whether JSON text exceeds the limit, judged by its brackets, even if it is not valid JSON. Without a pattern for
 * strings: matching one takes stack for each of its characters, and a string may have megabytes.
 */
export const isTextTooDeep = (text: string): boolean => {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '"':
        at = endOfString(text, at + 1)
        break
      case '{':
      case '[':
        depth += 1
        if (depth > MAX_DEPTH) return true
        break
      case '}':
      case ']':
        depth -= 1
        break
    }
  }
  return false
}

/** Tool call arguments as text, which chat templates parse as JSON. */
export const ArgumentsText = z.string().refine((text) => !isTextTooDeep(text), { error: tooDeep('this JSON') })
