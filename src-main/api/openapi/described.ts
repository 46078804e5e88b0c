import type { z } from 'zod'

/** A schema by the name that it has in the document and in clients made from it: an object with that one key. */
export type Named = Readonly<Record<string, z.ZodType>>

/** One route of this API. */
export interface Described {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  readonly path: string
  readonly does: string
  readonly body?: Named
  readonly answer?: Named
  readonly query?: readonly string[]
  /** Statuses of answers that are no errors; 200 where nothing is said. */
  readonly statuses?: readonly (200 | 201 | 202)[]
  /** The media type of an answer that is not JSON. */
  readonly media?: string
  /** The media type of an answer that comes in parts, where the request asks for one. */
  readonly streamed?: string
  /** What a 503 is, where it is no error. */
  readonly unavailable?: Named
  /** A request that can be sent as it is; `MODEL` stands for a model that the node has. */
  readonly example?: { readonly query?: string; readonly body?: unknown }
}

export const SSE = 'text/event-stream'
/** A JSON object in each line. */
export const LINES = 'application/x-ndjson'

/** The word for a model in examples. */
export const MODEL = 'MODEL'
