import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { z } from 'zod'
import { root } from './paths'
import { PATIENCE_MS } from './patience'

/** A span in OTLP's JSON; times in nanoseconds since 1970. */
export const CollectedSpan = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: z.record(z.string(), z.unknown()),
  resource: z.record(z.string(), z.unknown()),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }),
})
export type CollectedSpan = z.infer<typeof CollectedSpan>

export interface OtlpCollector {
  readonly url: string
  /** All received spans, as lines of JSON. */
  text(): string
  spans(): CollectedSpan[]
  /** Resolves when `count` spans of that name have arrived. */
  until(name: string, count: number): Promise<CollectedSpan[]>
  close(): Promise<void>
}

type Start = (command: string, args: readonly string[]) => ChildProcess

/** Starts a collector at an address of the machine on which `start` runs programs. */
export const startCollector = async (
  address = '127.0.0.1',
  start: Start = (command, args) => spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }),
): Promise<OtlpCollector> => {
  const child = start(process.execPath, [join(root, 'tests', 'harness', 'otlp-collector-process.mjs'), address])
  if (!child.stdout) throw new Error('the collector must have a pipe as standard output')
  const lines = createInterface({ input: child.stdout })
  const [url] = (await once(lines, 'line')) as [string]
  const came: string[] = []
  lines.on('line', (line) => came.push(line))
  const spans = (): CollectedSpan[] => came.map((line) => CollectedSpan.parse(JSON.parse(line)))
  const named = (name: string): CollectedSpan[] => spans().filter((span) => span.name === name)
  return {
    url,
    text: () => came.join('\n'),
    spans,
    until: async (name, count) => {
      await expect.poll(() => named(name).length, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(count)
      return named(name)
    },
    close: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
