import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  defaultTextMapGetter,
  defaultTextMapSetter,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { SpanOptions, Tracer } from '@core/tracing/tracer'

/** Bounds the last export, so that a collector that does not answer cannot delay shutdown. */
const LAST_EXPORT_MS = 3000

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

export interface Tracing {
  readonly tracer: Tracer
  /** Flushes pending spans, for a few seconds at most. */
  close(): Promise<void>
}

export interface OtlpOptions {
  readonly endpoint: string
  readonly version: string
  readonly nodeId: string
}

/**
 * Exports spans with OpenTelemetry's SDK in batches, as OTLP over HTTP in JSON. Headers come from
 * `OTEL_EXPORTER_OTLP_HEADERS`. A client's traceparent decides whether its trace is sampled.
 */
export const otlpTracing = ({ endpoint, version, nodeId }: OtlpOptions): Tracing => {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'muster',
      'service.version': version,
      'service.instance.id': nodeId,
    }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: LAST_EXPORT_MS }), {
        scheduledDelayMillis: 1000,
        exportTimeoutMillis: LAST_EXPORT_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('muster', version)
  const propagator = new W3CTraceContextPropagator()
  const start = (name: string, { parent, kind = 'internal', attributes, at }: SpanOptions) => {
    const within =
      parent === undefined
        ? ROOT_CONTEXT
        : propagator.extract(ROOT_CONTEXT, { traceparent: parent }, defaultTextMapGetter)
    const span = tracer.startSpan(
      name,
      { kind: KINDS[kind], ...(attributes && { attributes }), ...(at !== undefined && { startTime: at }) },
      within,
    )
    const carrier: { traceparent?: string } = {}
    propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter)
    return {
      context: carrier.traceparent,
      set: (more: Readonly<Record<string, string | number | boolean>>) => void span.setAttributes(more),
      end: ({ failure, at: endedAt }: { readonly failure?: string; readonly at?: number } = {}) => {
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
        span.end(endedAt)
      },
    }
  }
  return {
    tracer: { isOn: true, start },
    close: async () => {
      // Unsent spans are lost; shutdown goes on.
      await provider.shutdown().catch(() => undefined)
    },
  }
}
