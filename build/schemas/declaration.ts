import { format } from 'prettier'
import { declarationSchema } from '@core/declarations/json-schema'

export const DECLARATION_SCHEMA_FILE = 'docs/declaration.schema.json'

/** Generates the file's text. */
export const declarationSchemaText = (): Promise<string> =>
  format(JSON.stringify(declarationSchema()), { parser: 'json', printWidth: 120 })
