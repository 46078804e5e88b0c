/** Closes resources in reverse order of opening. If one fails, the others are still closed. */
export class Opened {
  private readonly closers: (() => Promise<void> | void)[] = []

  add(close: () => Promise<void> | void): void {
    this.closers.unshift(close)
  }

  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.closers.splice(0)) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Closing failed in part')
  }
}
