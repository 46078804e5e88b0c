import { createSubscriber } from 'svelte/reactivity'
import type { z } from 'zod'

/** A value persisted in this browser's storage, for all its windows. An unreadable one is replaced by the initial value. */
export class Kept<Value> {
  private value: Value
  /** While the value is shown, another window's change is shown too. */
  private readonly follow = createSubscriber(() => {
    const hear = ({ key }: StorageEvent): void => {
      // Without a key, everything was deleted.
      if (key === this.key || key === null) this.value = this.read() ?? this.first
    }
    window.addEventListener('storage', hear)
    return () => window.removeEventListener('storage', hear)
  })

  constructor(
    private readonly key: string,
    private readonly schema: z.ZodType<Value>,
    private readonly first: Value,
  ) {
    this.value = $state.raw(this.read() ?? first)
  }

  get current(): Value {
    this.follow()
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
