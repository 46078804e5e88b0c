import type { z } from 'zod'
import { ControlError } from '@core/protocols/control'
import type { DesktopApi } from '@core/protocols/desktop'
import { t } from '../state/texts.svelte'
import { ChangesInOrder } from './changes-in-order'
import { ApiError, unexpected, unreachable } from './problem'

declare global {
  interface Window {
    /** Injected by the desktop app; absent in a browser. */
    readonly muster?: DesktopApi
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly json?: unknown
  readonly signal?: AbortSignal
}

const errorFrom = async (response: Response): Promise<ApiError> => {
  const parsed = ControlError.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) return new ApiError('unknown', t('app.answeredStatus', { status: response.status }))
  const { code, message, hint, details } = parsed.data.error
  return new ApiError(code, message, { hint, details, isOfNode: true })
}

/** Appends query parameters to a path. */
export const withQuery = (path: string, query: Readonly<Record<string, string>>): string =>
  `${path}?${new URLSearchParams(query).toString()}`

/** Browsers refuse `keepalive` requests once more than 64 KiB of bodies are being sent, per page. */
const KEEPALIVE_BYTES = 64 * 1024

/** Client of the HTTP API of this page's node. */
export class Api {
  /** Bytes of the bodies that `keepalive` requests are sending now. */
  private outliving = 0
  private readonly changes = new ChangesInOrder((path, json) => this.answered(path, { method: 'PATCH', json }))

  constructor(readonly url: string) {}

  /** The desktop app supplies the node's address; in a browser it is the page's origin. */
  static async open(): Promise<Api> {
    const access = await window.muster?.apiAccess()
    return new Api(access?.url ?? window.location.origin)
  }

  /**
   * Sends a request and returns any response, errors included. Throws ApiError if there is none, or the signal's abort
   * reason. A command (not GET, and without a signal) is also carried out if the page ends before it was sent.
   */
  async request(path: string, { method = 'GET', json, signal }: RequestOptions = {}): Promise<Response> {
    const text = json === undefined ? undefined : JSON.stringify(json)
    const body = text === undefined ? {} : { body: text, headers: { 'content-type': 'application/json' } }
    const bytes = text === undefined ? 0 : new TextEncoder().encode(text).length
    const keepalive = method !== 'GET' && signal === undefined && this.outliving + bytes <= KEEPALIVE_BYTES
    if (keepalive) this.outliving += bytes
    try {
      return await fetch(`${this.url}${path}`, { method, keepalive, ...(signal && { signal }), ...body })
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw unreachable(cause)
    } finally {
      if (keepalive) this.outliving -= bytes
    }
  }

  /**
   * Sends a request and returns a successful response. Throws ApiError. Changes of one resource (PATCH) are sent in the
   * order in which they are made, and what is read of it after them has them.
   */
  async fetch(path: string, options: RequestOptions = {}): Promise<Response> {
    const { method = 'GET', json } = options
    if (method === 'PATCH') return this.changes.change(path, json)
    const changed = method === 'GET' ? this.changes.settled(path) : undefined
    if (changed) await changed
    return this.answered(path, options)
  }

  private async answered(path: string, options: RequestOptions): Promise<Response> {
    const response = await this.request(path, options)
    if (!response.ok) throw await errorFrom(response)
    return response
  }

  /** Throws ApiError, also for an answer that does not match the schema. */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    return parsedAs(schema, await this.fetch(path))
  }

  /** Throws ApiError, also for an answer that does not match the schema. */
  async post<Schema extends z.ZodType>(path: string, json: unknown, schema: Schema): Promise<z.infer<Schema>> {
    return parsedAs(schema, await this.fetch(path, { method: 'POST', json }))
  }

  /** Throws ApiError, also for an answer that does not match the schema. */
  async patch<Schema extends z.ZodType>(path: string, json: unknown, schema: Schema): Promise<z.infer<Schema>> {
    return parsedAs(schema, await this.fetch(path, { method: 'PATCH', json }))
  }
}

const parsedAs = async <Schema extends z.ZodType>(schema: Schema, response: Response): Promise<z.infer<Schema>> => {
  const parsed = schema.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) throw unexpected(parsed.error)
  return parsed.data
}
