import { isEscaped, MAX_DEPTH, tooDeep } from './json-depth'
import { Problem } from './problem'

/**
 * Limits of a body. The cost of JSON values depends on their number rather than their length: at these limits the
 * parser takes some tens of milliseconds, during which no other client's stream continues.
 */
const MAX_CONTAINERS = 100_000
const MAX_VALUES = 500_000

/** Characters and strings scanned between two yields; about a millisecond. */
const STEP = 200_000

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

const tooMany = (field: string, what: string): Problem => {
  // Only plausible names of API fields; anything else is the client's own text.
  const param = /^\w{1,40}$/.test(field) ? field : undefined
  const message = `${param ?? 'The body'}: too large, as a body may have ${what}; send less at once`
  return new Problem(400, 'invalid_request', message, { ...(param !== undefined && { param }) })
}

/**
 * Checks the number of values and their depth in a JSON text, without parsing it and even if it is not valid JSON.
 * Throws a Problem that names the field of the body that exceeds a limit. Yields regularly, so that the caller can let
 * other work run.
 */
export function* scanJson(text: string): Generator<undefined, void> {
  let [depth, containers, values, steps] = [0, 0, 0, 0]
  let inString = false
  // The last string at the top level, and the last one followed by a colon: the name of the current field.
  let [from, to] = [0, 0]
  let field: readonly [number, number] = [0, 0]
  for (let at = 0; at < text.length;) {
    steps += 1
    if (steps % STEP === 0) yield
    if (inString) {
      const quote = text.indexOf('"', at)
      if (quote === -1) return
      inString = isEscaped(text, quote)
      at = quote + 1
      if (depth === 1) to = quote
      continue
    }
    const char = text.charCodeAt(at)
    at += 1
    switch (char) {
      case QUOTE:
        inString = true
        if (depth === 1) from = at
        break
      case COLON:
        if (depth === 1) field = [from, to]
        break
      case COMMA:
        values += 1
        if (values > MAX_VALUES) throw tooMany(text.slice(...field), `at most ${MAX_VALUES} values`)
        break
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1
        containers += 1
        if (depth > MAX_DEPTH) throw new Problem(400, 'invalid_json', tooDeep('The body'))
        if (containers > MAX_CONTAINERS)
          throw tooMany(text.slice(...field), `at most ${MAX_CONTAINERS} objects and lists`)
        break
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1
        break
    }
  }
}
