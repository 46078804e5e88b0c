import type { z } from 'zod'
import { ControlError } from '@core/protocols/control'

/** What the desktop app puts into its window; absent where a browser shows the page. */
interface Bridge {
  apiAccess(): Promise<{ url: string }>
}

declare global {
  interface Window {
    muster?: Bridge
  }
}

/** An answer that is an error: what happened, and what to do. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string | undefined,
    readonly details?: unknown,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

const unreachable = (): ApiError =>
  new ApiError(
    'unreachable',
    'Can’t reach this node.',
    'It may have been quit. Start Muster again; this page reconnects by itself.',
  )

const errorFrom = async (response: Response): Promise<ApiError> => {
  const parsed = ControlError.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) return new ApiError('unknown', `The node answered ${response.status}.`, undefined)
  const { code, message, hint, details } = parsed.data.error
  return new ApiError(code, message, hint, details)
}

/** A path with what is asked of it. */
export const withQuery = (path: string, query: Readonly<Record<string, string>>): string =>
  `${path}?${new URLSearchParams(query).toString()}`

/** The HTTP API of the node this app belongs to. */
export class Api {
  private constructor(readonly url: string) {}

  /** The desktop app says where its node is; a page that a node serves asks that node. */
  static async open(): Promise<Api> {
    const access = await window.muster?.apiAccess()
    return new Api(access?.url ?? window.location.origin)
  }

  /** Throws ApiError. */
  async fetch(path: string, init: { method?: string; json?: unknown; signal?: AbortSignal } = {}): Promise<Response> {
    const { json, ...rest } = init
    const body =
      json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }
    let response: Response
    try {
      response = await fetch(`${this.url}${path}`, { ...rest, ...body })
    } catch (error) {
      if (init.signal?.aborted) throw error
      throw unreachable()
    }
    if (!response.ok) throw await errorFrom(response)
    return response
  }

  /** Throws ApiError, also for an answer that is not what was expected. */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    const parsed = schema.safeParse(await (await this.fetch(path)).json())
    if (!parsed.success)
      throw new ApiError(
        'unexpected',
        'The node answered in a way this app does not understand.',
        'Update both to the same version.',
      )
    return parsed.data
  }
}
