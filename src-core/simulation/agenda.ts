/** What is to happen at virtual times; equal times in the order in which they were put down. */
export class Agenda {
  private readonly items: { readonly at: number; readonly order: number; readonly act: () => void }[] = []
  private count = 0

  /** Virtual milliseconds of the next item. */
  get nextAt(): number | undefined {
    return this.items[0]?.at
  }

  put(at: number, act: () => void): void {
    const item = { at, order: this.count++, act }
    let low = 0
    let high = this.items.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.items[middle]
      if (other !== undefined && other.at <= at) low = middle + 1
      else high = middle
    }
    this.items.splice(low, 0, item)
  }

  /** Takes the next item out. */
  take(): (() => void) | undefined {
    return this.items.shift()?.act
  }
}
