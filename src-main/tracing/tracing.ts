import { noTracer, type Tracer } from '@core/tracing/tracer'

export interface TracingOptions {
  /** Of an OTLP collector over HTTP, without `/v1/traces`; undefined keeps no traces. */
  readonly endpoint: string | undefined
  readonly version: string
  readonly nodeId: string
}

export interface Tracing {
  readonly tracer: Tracer
  /** Sends what has not been sent, for a few seconds at most. */
  close(): Promise<void>
}

/** OpenTelemetry is loaded only where traces are kept. */
export const openTracing = async ({ endpoint, ...self }: TracingOptions): Promise<Tracing> => {
  if (endpoint === undefined) return { tracer: noTracer, close: () => Promise.resolve() }
  const { otlpTracing } = await import('./otlp')
  return otlpTracing({ endpoint, ...self })
}
