import { z } from 'zod'

/**
 * Most objects and lists within one another: of a body, and of JSON that is text within one, such as the arguments of a
 * tool call. Far more than a request needs, far less than any program's stack holds.
 */
export const MAX_DEPTH = 200

const TOO_DEEP = `more than ${MAX_DEPTH} objects and lists within one another`

/** Why a body is refused that is nested too deeply. */
export const tooDeep = (what: string): string => `${what} has ${TOO_DEEP}`

/** Whether a value holds more than that. Takes no stack, and time for each object and list and each of their values. */
export const isTooDeep = (value: unknown): boolean => {
  const isNested = (inner: unknown): inner is object => typeof inner === 'object' && inner !== null
  let level: object[] = [value].filter(isNested)
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MAX_DEPTH) return true
    const next: object[] = []
    for (const outer of level) for (const inner of Object.values(outer)) if (isNested(inner)) next.push(inner)
    level = next
  }
  return false
}

/** Strings, which may hold brackets, and the brackets outside of them. */
const TOKENS = /"(?:[^"\\]|\\.)*"?|[[\]{}]/gs

/** The same of JSON as text; of text that is no JSON, by its brackets. */
export const isTextTooDeep = (text: string): boolean => {
  let depth = 0
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** The arguments of a tool call as text, which templates read as JSON. */
export const ArgumentsText = z.string().refine((text) => !isTextTooDeep(text), { error: tooDeep('this JSON') })
