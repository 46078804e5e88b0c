import type { z } from 'zod'
import { ControlError } from '@core/protocols/control'
import type { DesktopApi } from '@core/protocols/desktop'
import { t } from '../state/texts.svelte'
import { ApiError, unexpected, unreachable } from './problem'

declare global {
  interface Window {
    /** What the desktop app puts into its window; absent where a browser shows the page. */
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

/** A path with what is asked of it. */
export const withQuery = (path: string, query: Readonly<Record<string, string>>): string =>
  `${path}?${new URLSearchParams(query).toString()}`

/** The HTTP API of the node this app belongs to. */
export class Api {
  constructor(readonly url: string) {}

  /** The desktop app says where its node is; a page that a node serves asks that node. */
  static async open(): Promise<Api> {
    const access = await window.muster?.apiAccess()
    return new Api(access?.url ?? window.location.origin)
  }

  /** Any answer, errors among them. Throws ApiError where there is none, and what the signal says. */
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

  /** An answer that is none of an error. Throws ApiError. */
  async fetch(path: string, options: RequestOptions = {}): Promise<Response> {
    const response = await this.request(path, options)
    if (!response.ok) throw await errorFrom(response)
    return response
  }

  /** Throws ApiError, also for an answer that is not what was expected. */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    return parsedAs(schema, await this.fetch(path))
  }

  /** Throws ApiError, also for an answer that is not what was expected. */
  async post<Schema extends z.ZodType>(path: string, json: unknown, schema: Schema): Promise<z.infer<Schema>> {
    return parsedAs(schema, await this.fetch(path, { method: 'POST', json }))
  }

  /** Throws ApiError, also for an answer that is not what was expected. */
  async patch<Schema extends z.ZodType>(path: string, json: unknown, schema: Schema): Promise<z.infer<Schema>> {
    return parsedAs(schema, await this.fetch(path, { method: 'PATCH', json }))
  }
}

const parsedAs = async <Schema extends z.ZodType>(schema: Schema, response: Response): Promise<z.infer<Schema>> => {
  const parsed = schema.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) throw unexpected(parsed.error)
  return parsed.data
}
