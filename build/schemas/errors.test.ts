import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ERROR_GROUPS } from '@core/errors/error-codes'
import { ERRORS_FILE, errorsText } from './errors'

it('lists the current error codes: `npm run schemas`', () => {
  const file = path.resolve(import.meta.dirname, '..', '..', ERRORS_FILE)
  expect(readFileSync(file, 'utf8')).toBe(errorsText())
})

it('describes each code once, with a cause and a remedy', () => {
  const codes = ERROR_GROUPS.flatMap(({ errors }) => Object.keys(errors))
  expect(new Set(codes).size).toBe(codes.length)
  for (const { errors } of ERROR_GROUPS)
    for (const [code, { cause, remedy }] of Object.entries(errors))
      expect([cause, remedy], code).not.toContainEqual(expect.stringMatching(/^$|[.|]$|\n|\|/))
})
