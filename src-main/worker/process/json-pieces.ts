/** Length of a piece in characters: one takes about a millisecond to encode. */
export const PIECE_LENGTH = 256 * 1024

/** About the length of the value's JSON; counts no further than `limit`. */
export const weightOf = (value: unknown, limit: number): number => {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  let weight = 1
  for (const inner of Object.values(value)) {
    if (weight > limit) break
    weight += 1 + weightOf(inner, limit - weight)
  }
  return weight
}

/** The JSON of a plain value in pieces, none of which takes long to make. */
export function* jsonPieces(value: unknown): Generator<string> {
  if (weightOf(value, PIECE_LENGTH) <= PIECE_LENGTH) {
    yield JSON.stringify(value)
  } else if (typeof value === 'string') {
    yield* stringPieces(value)
  } else if (Array.isArray(value)) {
    yield* listPieces(value)
  } else if (typeof value === 'object' && value !== null) {
    yield* objectPieces(value)
  }
}

function* stringPieces(text: string): Generator<string> {
  yield '"'
  for (let at = 0; at < text.length;) {
    const end = at + PIECE_LENGTH
    // A surrogate pair stays together, so that it is encoded as one character.
    const next = (text.codePointAt(end - 1) ?? 0) > 0xffff ? end + 1 : end
    yield JSON.stringify(text.slice(at, next)).slice(1, -1)
    at = next
  }
  yield '"'
}

/** Joins short neighbours into one piece, so that a list of a million numbers does not become a million pieces. */
function* listPieces(list: readonly unknown[]): Generator<string> {
  let [from, weight, sign] = [0, 0, '[']
  for (const [at, value] of list.entries()) {
    const more = 1 + weightOf(value, PIECE_LENGTH)
    if (weight > 0 && weight + more > PIECE_LENGTH) {
      yield sign + JSON.stringify(list.slice(from, at)).slice(1, -1)
      ;[from, weight, sign] = [at, 0, ',']
    }
    weight += more
    if (weight <= PIECE_LENGTH) continue
    yield sign
    yield* jsonPieces(value)
    ;[from, weight, sign] = [at + 1, 0, ',']
  }
  if (weight > 0) yield sign + JSON.stringify(list.slice(from)).slice(1, -1)
  yield ']'
}

function* objectPieces(value: object): Generator<string> {
  let sign = '{'
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    yield `${sign}${JSON.stringify(key)}:`
    yield* jsonPieces(inner)
    sign = ','
  }
  yield '}'
}
