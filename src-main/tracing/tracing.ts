import { noTracer } from '@core/tracing/tracer'
import type { Tracing } from './otlp'

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP collector, without `/v1/traces`; undefined disables tracing. */
  readonly endpoint: string | undefined
  readonly version: string
  readonly nodeId: string
}

/** Opens tracing. OpenTelemetry is loaded only if it is enabled. */
export const openTracing = async ({ endpoint, ...self }: TracingOptions): Promise<Tracing> => {
  if (endpoint === undefined) return { tracer: noTracer, close: () => Promise.resolve() }
  const { otlpTracing } = await import('./otlp')
  return otlpTracing({ endpoint, ...self })
}
