import type { Message } from '@core/generation/conversation'
import { maySee, type Owner } from '../../answering/owner'
import type { InputListItem } from './input-items'
import type { OutputItem } from './output-items'
import type { ResponseObject } from './response'

/**
 * A stored response with its conversation up to and including its output. `input` has the items of the responses that it
 * continues, with their output, before its own.
 */
export interface Kept {
  readonly owner: Owner
  readonly response: ResponseObject
  readonly input: readonly InputListItem[]
  readonly conversation: readonly Message[]
}

export interface StoreLimits {
  readonly count: number
  /** Limit of the stored responses in UTF-16 units of JSON. */
  readonly size: number
}

const LIMITS: StoreLimits = { count: 1000, size: 64 * 1024 * 1024 }

/** Responses that clients may retrieve or continue. In memory, LRU eviction. */
export class ResponseStore {
  private readonly kept = new Map<string, { readonly value: Kept; readonly size: number }>()
  /** The response that each output item belongs to. */
  private readonly responseOf = new Map<string, string>()
  private size = 0

  constructor(private readonly limits: StoreLimits = LIMITS) {}

  put(value: Kept): void {
    const size = JSON.stringify(value).length
    const { id } = value.response
    this.delete(id)
    this.kept.set(id, { value, size })
    for (const item of value.response.output) this.responseOf.set(item.id, id)
    this.size += size
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.limits.count && this.size <= this.limits.size) break
      this.delete(oldest)
    }
  }

  /** Undefined if the id is unknown or belongs to another caller. */
  get(id: string, asker: Owner): Kept | undefined {
    const found = this.kept.get(id)
    if (!found || !maySee(found.value.owner, asker)) return undefined
    this.kept.delete(id)
    this.kept.set(id, found)
    return found.value
  }

  /** An output item of a stored response. */
  item(id: string, asker: Owner): OutputItem | undefined {
    const response = this.responseOf.get(id)
    if (response === undefined) return undefined
    return this.get(response, asker)?.response.output.find((item) => item.id === id)
  }

  /** Returns false if there is no such response. */
  delete(id: string): boolean {
    const found = this.kept.get(id)
    if (!found) return false
    for (const item of found.value.response.output) this.responseOf.delete(item.id)
    this.size -= found.size
    return this.kept.delete(id)
  }
}
