import type { z } from 'zod'

/** A schema with its name in the OpenAPI document and in generated clients: an object with one key. */
export type Named = Readonly<Record<string, z.ZodType>>

/** The description of one route. */
export interface Described {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  readonly path: string
  readonly does: string
  readonly body?: Named
  readonly answer?: Named
  readonly query?: readonly string[]
  /** Statuses of successful answers; default: 200. */
  readonly statuses?: readonly (200 | 201 | 202)[]
  /** The media type of an answer that is not JSON. */
  readonly media?: string
  /** The media type of a streamed answer, if the request can ask for one. */
  readonly streamed?: string
  /** The schema of a 503 answer that is not an error. */
  readonly unavailable?: Named
  /** A complete example request; `MODEL` stands for a model that the node has. */
  readonly example?: { readonly query?: string; readonly body?: unknown }
}

export const SSE = 'text/event-stream'
/** JSON lines: one object per line. */
export const LINES = 'application/x-ndjson'

/** Placeholder for a model id in examples. */
export const MODEL = 'MODEL'
