import { z } from 'zod'
import { RUNNER_PROTOCOL, RunnerCommand, RunnerEvent } from '@core/protocols/runner'

/** The schema's path for the Python runner, relative to the repository. */
export const RUNNER_SCHEMA_FILE = 'native-runner/src/muster_runner/protocol.schema.json'

/**
 * Generates the runner protocol as JSON Schema for the Python side: `$defs.command` is what a runner receives,
 * `$defs.event` what it sends.
 */
export function runnerProtocolSchema(): string {
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Runner protocol ${RUNNER_PROTOCOL}`,
    description: 'Generated from src-core/protocols/runner.ts by `npm run schemas`.',
    $defs: { command: definition(RunnerCommand), event: definition(RunnerEvent) },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Describes the accepted input, not the parsed output: events may have unknown fields. */
function definition(schema: z.ZodType): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}
