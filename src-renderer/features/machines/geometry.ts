/** Position of a tile in the map, in pixels. */
export interface Place {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** A line between two tiles, from edge to edge, with the middle of its visible part. */
export interface Line {
  readonly path: string
  readonly middle: Point
  readonly length: number
}

const centre = ({ left, top, width, height }: Place): Point => ({ x: left + width / 2, y: top + height / 2 })

/** Where the line to another point leaves the tile. */
const exitPoint = (place: Place, towards: Point): Point => {
  const from = centre(place)
  const [dx, dy] = [towards.x - from.x, towards.y - from.y]
  if (dx === 0 && dy === 0) return from
  const share = Math.min(
    dx === 0 ? Infinity : place.width / 2 / Math.abs(dx),
    dy === 0 ? Infinity : place.height / 2 / Math.abs(dy),
  )
  return { x: from.x + share * dx, y: from.y + share * dy }
}

const isBetween = (value: number, one: number, other: number): boolean =>
  value > Math.min(one, other) && value < Math.max(one, other)

/** Whether a straight line would pass behind a third tile. */
const isHidden = (from: Point, to: Point, place: Place): boolean => {
  const middle = centre(place)
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  // Iterate along the longer axis, so that no division is near zero.
  if (Math.abs(dx) >= Math.abs(dy)) {
    if (!isBetween(middle.x, from.x, to.x)) return false
    return Math.abs(from.y + (dy * (middle.x - from.x)) / dx - middle.y) < place.height / 2
  }
  if (!isBetween(middle.y, from.y, to.y)) return false
  return Math.abs(from.x + (dx * (middle.y - from.y)) / dy - middle.x) < place.width / 2
}

/** Whether a box of this size around a point overlaps a tile. */
export const liesOver = (
  { x, y }: Point,
  { width, height }: { readonly width: number; readonly height: number },
  places: Iterable<Place>,
): boolean =>
  [...places].some(
    (place) =>
      Math.abs(x - centre(place).x) < (width + place.width) / 2 &&
      Math.abs(y - centre(place).y) < (height + place.height) / 2,
  )

const rounded = ({ x, y }: Point): string => `${Math.round(10 * x) / 10} ${Math.round(10 * y) / 10}`

/** Curvature of lines that avoid other tiles, as a fraction of the gap between rows. */
const BOW = 0.8

/** The same for lines beside a column, per tile in between: lines that pass more tiles run further outside. */
const COLUMN_BOW = 0.3

/** Vertical offset of labels where two lines cross. */
const LABEL_STEP = 19

/**
 * A line around the tiles between two tiles of one column. It runs from right edge to right edge, so that no part of it
 * is hidden.
 */
const besideColumn = (a: Place, b: Place, between: number): Line => {
  const rightOf = (place: Place): Point => ({ x: place.left + place.width, y: centre(place).y })
  const [from, to] = [rightOf(a), rightOf(b)]
  const outside = Math.max(from.x, to.x) + COLUMN_BOW * between * a.height
  const [first, second] = [
    { x: outside, y: from.y },
    { x: outside, y: to.y },
  ]
  return {
    path: `M${rounded(from)}C${rounded(first)} ${rounded(second)} ${rounded(to)}`,
    // The point of the cubic curve at half its parameter.
    middle: { x: (from.x + to.x + 6 * outside) / 8, y: (from.y + to.y) / 2 },
    length: Math.hypot(to.x - from.x, to.y - from.y),
  }
}

/** The line between two tiles. `lift` (−1 to 1) moves its label up or down. */
export const lineBetween = (
  a: Place,
  b: Place,
  { others = [], lift = 0 }: { readonly others?: readonly Place[]; readonly lift?: number } = {},
): Line => {
  const [from, to] = [exitPoint(a, centre(b)), exitPoint(b, centre(a))]
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const between = others.filter((other) => isHidden(from, to, other)).length
  if (between === 0)
    return {
      path: `M${rounded(from)}L${rounded(to)}`,
      middle: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 - lift * LABEL_STEP },
      length,
    }
  if (Math.abs(to.y - from.y) > Math.abs(to.x - from.x)) return besideColumn(a, b, between)
  const [above, below] = [Math.min(a.top, b.top), Math.max(a.top + a.height, b.top + b.height)]
  // Below the last row there is no gap but text.
  const isLast = others.some(({ top }) => top < above) && !others.some(({ top }) => top > below)
  const bend = { x: (from.x + to.x) / 2, y: isLast ? above - BOW * a.height : below + BOW * a.height }
  // From the sides that face the gap, so that most of the line is visible.
  const [start, end] = [exitPoint(a, bend), exitPoint(b, bend)]
  const middle = { x: (start.x + 2 * bend.x + end.x) / 4, y: (start.y + 2 * bend.y + end.y) / 4 }
  return { path: `M${rounded(start)}Q${rounded(bend)} ${rounded(end)}`, middle, length }
}
