/** Matches JSON escape sequences; a surrogate pair counts as one. */
const ESCAPES = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|[^])/g
const SURROGATE = /^\\u[dD][89a-fA-F]/
const ONE_UNIT = '\\uXXXX'.length

/** Escape sequences examined between two yields; about a millisecond. */
const STEP = 10_000

const isHalf = (escape: string): boolean => escape.length === ONE_UNIT && SURROGATE.test(escape)

/**
 * Returns the JSON text with every unpaired surrogate in names and strings replaced by U+FFFD, as in WebIDL's USVString
 * (https://webidl.spec.whatwg.org/#es-USVString). An unpaired surrogate has no UTF-8 form, so no log, pipe or tokenizer
 * can take it. Works on the text, which needs no stack however deep the JSON is; in text decoded from UTF-8, unpaired
 * surrogates occur only as escapes. Yields regularly, so that the caller can let other work run.
 */
export function* wellFormedSteps(text: string): Generator<undefined, string> {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return text
  const escapes = new RegExp(ESCAPES)
  const done: string[] = []
  let pieces: string[] = []
  let [from, steps] = [0, 0]
  for (let found = escapes.exec(text); found; found = escapes.exec(text)) {
    if (isHalf(found[0])) {
      pieces.push(text.slice(from, found.index), String.raw`\ufffd`)
      from = escapes.lastIndex
    }
    steps += 1
    if (steps % STEP === 0) {
      done.push(pieces.join(''))
      pieces = []
      yield
    }
  }
  return [...done, ...pieces, text.slice(from)].join('')
}
