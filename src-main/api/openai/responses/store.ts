import type { Message } from '@core/generation/conversation'
import type { ResponseObject } from './response'

/** A response with the conversation up to and with its output. */
export interface Kept {
  readonly response: ResponseObject
  readonly conversation: readonly Message[]
}

export interface StoreLimits {
  readonly count: number
  /** UTF-16 units of the kept responses as JSON. */
  readonly size: number
}

const LIMITS: StoreLimits = { count: 1000, size: 64 * 1024 * 1024 }

/** Responses that clients may ask for or go on from; in memory, and those not used for longest make room for others. */
export class ResponseStore {
  private readonly kept = new Map<string, { readonly value: Kept; readonly size: number }>()
  private size = 0

  constructor(private readonly limits: StoreLimits = LIMITS) {}

  put(value: Kept): void {
    const size = JSON.stringify(value).length
    const { id } = value.response
    this.delete(id)
    this.kept.set(id, { value, size })
    this.size += size
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.limits.count && this.size <= this.limits.size) break
      this.delete(oldest)
    }
  }

  get(id: string): Kept | undefined {
    const found = this.kept.get(id)
    if (!found) return undefined
    this.kept.delete(id)
    this.kept.set(id, found)
    return found.value
  }

  /** False where there is none of that id. */
  delete(id: string): boolean {
    const found = this.kept.get(id)
    if (!found) return false
    this.size -= found.size
    return this.kept.delete(id)
  }
}
