import { noTracer, type Tracer } from '@core/tracing/tracer'

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP collector, without `/v1/traces`; undefined disables tracing. */
  readonly endpoint: string | undefined
  readonly version: string
  readonly nodeId: string
}

export interface Tracing {
  readonly tracer: Tracer
  /** Flushes pending spans, for a few seconds at most. */
  close(): Promise<void>
}

/** Opens tracing. OpenTelemetry is loaded only if it is enabled. */
export const openTracing = async ({ endpoint, ...self }: TracingOptions): Promise<Tracing> => {
  if (endpoint === undefined) return { tracer: noTracer, close: () => Promise.resolve() }
  const { otlpTracing } = await import('./otlp')
  return otlpTracing({ endpoint, ...self })
}
