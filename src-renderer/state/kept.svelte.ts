import type { z } from 'zod'

/** A value that this browser remembers; what it cannot read becomes the first value again. */
export class Kept<Value> {
  private value: Value

  constructor(
    private readonly key: string,
    private readonly schema: z.ZodType<Value>,
    first: Value,
  ) {
    this.value = $state.raw(this.read() ?? first)
  }

  get current(): Value {
    return this.value
  }

  set current(value: Value) {
    this.value = value
    try {
      localStorage.setItem(this.key, JSON.stringify(value))
    } catch {
      // Without room it is remembered until the page closes.
    }
  }

  private read(): Value | undefined {
    try {
      const text = localStorage.getItem(this.key)
      return text === null ? undefined : this.schema.safeParse(JSON.parse(text)).data
    } catch {
      return undefined
    }
  }
}
