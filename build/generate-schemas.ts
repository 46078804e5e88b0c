/** `npm run schemas`: writes what is generated from the schemas of src-core. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { RUNNER_SCHEMA_FILE, runnerProtocolSchema } from './schemas/runner-protocol'

writeFileSync(path.resolve(import.meta.dirname, '..', RUNNER_SCHEMA_FILE), runnerProtocolSchema())
