/** Matches JSON escape sequences; a surrogate pair counts as one. */
const ESCAPES = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|[^])/g
const SURROGATE = /^\\u[dD][89a-fA-F]/
const ONE_UNIT = '\\uXXXX'.length

/**
 * JSON text in which half a surrogate pair has become U+FFFD in every name and string, as in WebIDL's USVString
 * (https://webidl.spec.whatwg.org/#es-USVString): half a pair has no UTF-8, so no log, pipe or tokenizer can take it.
 * Done on the text, which takes no stack however deep the JSON is. What was decoded from UTF-8 has halves only as
 * escapes.
 */
export const wellFormedJson = (text: string): string =>
  /\\u[dD][89a-fA-F]/.test(text)
    ? text.replace(ESCAPES, (escape) =>
        escape.length === ONE_UNIT && SURROGATE.test(escape) ? String.raw`\ufffd` : escape,
      )
    : text
