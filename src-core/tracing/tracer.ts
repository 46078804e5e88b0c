import { z } from 'zod'

/** W3C Trace Context: version, trace, parent span and flags, in hexadecimal digits. */
export const Traceparent = z.string().regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** One piece of work on one machine, from its start to its end. */
export interface Span {
  /** The traceparent of what happens within it, here and on other machines. */
  readonly context: string | undefined
  /** Never with anything that was asked or answered. */
  set(attributes: SpanAttributes): void
  /** Once; with a failure it is marked as one. `at`: in milliseconds since 1970, now where it is left out. */
  end(options?: { readonly failure?: string; readonly at?: number }): void
}

export interface SpanOptions {
  /** The traceparent of what it is a part of; a trace of its own without one. */
  readonly parent?: string | undefined
  /** `server` answers another program or machine, `client` asks one. */
  readonly kind?: 'internal' | 'server' | 'client'
  readonly attributes?: SpanAttributes
  /** In milliseconds since 1970; now where it is left out. */
  readonly at?: number
}

export interface Tracer {
  /** Where it is off nothing is kept, and callers may leave out what only serves it. */
  readonly isOn: boolean
  start(name: string, options: SpanOptions): Span
}

/** Keeps nothing, and hands a client's context on: another machine may keep traces. */
export const noTracer: Tracer = {
  isOn: false,
  start: (_name, { parent }) => ({ context: parent, set: () => undefined, end: () => undefined }),
}
