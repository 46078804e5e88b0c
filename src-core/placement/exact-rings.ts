import type { Graph } from './graph'

/** Up to this many machines all rings are enumerated. */
export const EXACT_UP_TO = 10

/**
 * Returns one ring for each set of machines that has one, by dynamic programming over sets (Held and Karp, "A dynamic
 * programming approach to sequencing problems", 1962): `ends[set]` are the machines at which a path can end that starts
 * at the set's lowest machine and visits the whole set. Time: 2ⁿ · n².
 */
export const allRings = ({ neighbours }: Graph): number[][] => {
  const size = neighbours.length
  const near = neighbours.map((numbers) => numbers.reduce((bits, number) => bits | (1 << number), 0))
  const ends = new Uint16Array(1 << size)
  for (let node = 0; node < size; node += 1) ends[1 << node] = 1 << node
  const rings: number[][] = []
  for (let set = 1; set < 1 << size; set += 1) {
    const reached = ends[set] ?? 0
    if (reached === 0) continue
    const lowest = 31 - Math.clz32(set & -set)
    const closing = set === 1 << lowest ? reached : reached & (near[lowest] ?? 0)
    if (closing !== 0) rings.push(pathTo(31 - Math.clz32(closing), set, ends, near))
    for (let rest = reached; rest !== 0; rest &= rest - 1) {
      const last = 31 - Math.clz32(rest & -rest)
      // Add only higher machines, so that the path still starts at the set's lowest.
      for (let next = (near[last] ?? 0) & ~set & ~((2 << lowest) - 1); next !== 0; next &= next - 1) {
        const bit = next & -next
        ends[set | bit] = (ends[set | bit] ?? 0) | bit
      }
    }
  }
  return rings
}

/** Reconstructs from `ends`, backwards, a path through `set` that ends at `end`. */
const pathTo = (end: number, set: number, ends: Uint16Array, near: readonly number[]): number[] => {
  const path = [end]
  let left = set
  for (let last = end; ;) {
    left &= ~(1 << last)
    if (left === 0) return path.reverse()
    const before = (ends[left] ?? 0) & (near[last] ?? 0)
    last = 31 - Math.clz32(before)
    path.push(last)
  }
}
