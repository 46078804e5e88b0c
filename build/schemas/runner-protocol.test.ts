import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { RUNNER_SCHEMA_FILE, runnerProtocolSchema } from './runner-protocol'

it('the schema of the Python runner is up to date: `npm run schemas`', () => {
  const written = readFileSync(path.resolve(import.meta.dirname, '../..', RUNNER_SCHEMA_FILE), 'utf8')
  expect(JSON.parse(written)).toEqual(JSON.parse(runnerProtocolSchema()))
})
