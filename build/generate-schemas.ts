/** `npm run schemas`: writes what is generated from the schemas of src-core. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { DECLARATION_SCHEMA_FILE, declarationSchemaText } from './schemas/declaration'
import { RUNNER_SCHEMA_FILE, runnerProtocolSchema } from './schemas/runner-protocol'

const root = path.resolve(import.meta.dirname, '..')
writeFileSync(path.join(root, RUNNER_SCHEMA_FILE), runnerProtocolSchema())
writeFileSync(path.join(root, DECLARATION_SCHEMA_FILE), await declarationSchemaText())
