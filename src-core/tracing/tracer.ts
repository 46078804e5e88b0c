import { z } from 'zod'

/** W3C Trace Context: version, trace id, parent span id and flags, in hexadecimal. */
export const Traceparent = z.string().regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** One operation on one machine. */
export interface Span {
  /** The traceparent for operations within it, here and on other machines. */
  readonly context: string | undefined
  /** Must never contain prompts or answers. */
  set(attributes: SpanAttributes): void
  /** Ends the span, once; a failure marks it as failed. `at`: milliseconds since 1970; default: now. */
  end(options?: { readonly failure?: string; readonly at?: number }): void
}

export interface SpanOptions {
  /** The traceparent of the enclosing span; without it a new trace starts. */
  readonly parent?: string | undefined
  /** `server` handles a request of another program or machine, `client` sends one. */
  readonly kind?: 'internal' | 'server' | 'client'
  readonly attributes?: SpanAttributes
  /** Milliseconds since 1970; default: now. */
  readonly at?: number
}

export interface Tracer {
  /** Whether spans are recorded; if not, callers may skip work that only serves tracing. */
  readonly isOn: boolean
  start(name: string, options: SpanOptions): Span
}

/** Records nothing but propagates the client's context, since another machine may record traces. */
export const noTracer: Tracer = {
  isOn: false,
  start: (_name, { parent }) => ({ context: parent, set: () => undefined, end: () => undefined }),
}
