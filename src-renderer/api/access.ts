import type { z } from 'zod'
import { ControlError } from '@core/protocols/control'
import type { DesktopApi } from '@core/protocols/desktop'
import { t } from '../state/texts.svelte'
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

/** Client of the HTTP API of this page's node. */
export class Api {
  constructor(readonly url: string) {}

  /** The desktop app tells the node's address; in a browser it is the page's origin. */
  static async open(): Promise<Api> {
    const access = await window.muster?.apiAccess()
    return new Api(access?.url ?? window.location.origin)
  }

  /**
   * Sends a request and returns any response, errors included. Throws ApiError if there is none, or the signal's abort
   * reason.
   */
  async request(path: string, { method = 'GET', json, signal }: RequestOptions = {}): Promise<Response> {
    const body =
      json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }
    try {
      return await fetch(`${this.url}${path}`, { method, ...(signal && { signal }), ...body })
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw unreachable(cause)
    }
  }

  /** Sends a request and returns a successful response. Throws ApiError. */
  async fetch(path: string, options: RequestOptions = {}): Promise<Response> {
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
