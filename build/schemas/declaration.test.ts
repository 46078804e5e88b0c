import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { DECLARATION_SCHEMA_FILE, declarationSchemaText } from './declaration'

it('is up to date: `npm run schemas`', async () => {
  const file = path.resolve(import.meta.dirname, '..', '..', DECLARATION_SCHEMA_FILE)
  expect(readFileSync(file, 'utf8')).toBe(await declarationSchemaText())
})
