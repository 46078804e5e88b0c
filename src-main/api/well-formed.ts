/** Matches JSON escape sequences; a surrogate pair counts as one. */
const ESCAPES = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|[^])/g
const SURROGATE = /^\\u[dD][89a-fA-F]/
const ONE_UNIT = '\\uXXXX'.length

/** Escape sequences looked at before others get their turn; about a millisecond. */
const STEP = 10_000

const isHalf = (escape: string): boolean => escape.length === ONE_UNIT && SURROGATE.test(escape)

/**
 * Returns the JSON text in which half a surrogate pair has become U+FFFD in every name and string, as in WebIDL's
 * USVString (https://webidl.spec.whatwg.org/#es-USVString): half a pair has no UTF-8, so no log, pipe or tokenizer can
 * take it. Done on the text, which takes no stack however deep the JSON is. What was decoded from UTF-8 has halves only
 * as escapes. Yields where others may get a turn.
 */
export function* wellFormedSteps(text: string): Generator<undefined, string> {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return text
  const escapes = new RegExp(ESCAPES)
  const done: string[] = []
  let pieces: string[] = []
  let [from, looks] = [0, 0]
  for (let found = escapes.exec(text); found; found = escapes.exec(text)) {
    if (isHalf(found[0])) {
      pieces.push(text.slice(from, found.index), String.raw`\ufffd`)
      from = escapes.lastIndex
    }
    looks += 1
    if (looks % STEP === 0) {
      done.push(pieces.join(''))
      pieces = []
      yield
    }
  }
  return [...done, ...pieces, text.slice(from)].join('')
}
