import { z } from 'zod'

/**
 * Maximum nesting of objects and lists, in a body and in JSON text inside one, such as tool call arguments. Far more
 * than any request needs, far less than any program's stack holds.
 */
export const MAX_DEPTH = 200

const TOO_DEEP = `more than ${MAX_DEPTH} objects and lists within one another`

/** The error for a body that is nested too deeply. */
export const tooDeep = (what: string): string => `${what} has ${TOO_DEEP}`

/** Matches strings, which may contain brackets, and brackets outside of strings. */
const TOKENS = /"(?:[^"\\]|\\.)*"?|[[\]{}]/gs

/** Whether JSON text exceeds the limit, judged by its brackets, even if it is not valid JSON. */
export const isTextTooDeep = (text: string): boolean => {
  let depth = 0
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** Tool call arguments as text, which chat templates parse as JSON. */
export const ArgumentsText = z.string().refine((text) => !isTextTooDeep(text), { error: tooDeep('this JSON') })
