import type { z } from 'zod'

/** A value persisted in this browser's storage. An unreadable one is replaced by the initial value. */
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
      // If storage is full, the value lasts until the page closes.
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
