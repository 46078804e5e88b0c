import { z } from 'zod'
import { RUNNER_PROTOCOL, RunnerCommand, RunnerEvent } from '@core/protocols/runner'

/** Where the Python runner finds the schema, relative to the repository. */
export const RUNNER_SCHEMA_FILE = 'native-runner/src/muster_runner/protocol.schema.json'

/**
 * The runner protocol as JSON Schema, for the side that does not speak zod: `$defs.command` is what a
 * runner is told, `$defs.event` what it says.
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

/** The schema of what is accepted, not of what parsing returns: unknown fields of events may be there. */
function definition(schema: z.ZodType): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}
