/** `npm run schemas`: generates schemas and reference pages from src-core. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { DECLARATION_SCHEMA_FILE, declarationSchemaText } from './schemas/declaration'
import { ERRORS_FILE, errorsText } from './schemas/errors'
import { API_FILE, apiText, COMMANDS_FILE, commandsText } from './schemas/reference'
import { RUNNER_SCHEMA_FILE, runnerProtocolSchema } from './schemas/runner-protocol'

const root = path.resolve(import.meta.dirname, '..')
writeFileSync(path.join(root, RUNNER_SCHEMA_FILE), runnerProtocolSchema())
writeFileSync(path.join(root, DECLARATION_SCHEMA_FILE), await declarationSchemaText())
writeFileSync(path.join(root, ERRORS_FILE), errorsText())
writeFileSync(path.join(root, COMMANDS_FILE), commandsText())
writeFileSync(path.join(root, API_FILE), apiText())
