import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyUnused } from './disk-cache'

describe('the disk cache', () => {
  let data: string
  let directory: string
  const warnings: string[] = []
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) }

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'muster-test-'))
    directory = join(data, 'prompt-cache')
    warnings.length = 0
  })
  afterEach(() => rmSync(data, { recursive: true, force: true }))

  const fill = () => {
    mkdirSync(join(directory, 'ab'), { recursive: true })
    writeFileSync(join(directory, 'ab', 'block.safetensors'), 'x')
  }

  it('is removed where it is disabled, and nothing else is', async () => {
    fill()
    writeFileSync(join(data, 'settings.json'), '{}')
    await emptyUnused({ directory, maxBytes: 0 }, log)
    expect([existsSync(directory), existsSync(join(data, 'settings.json'))]).toEqual([false, true])
    await emptyUnused({ directory, maxBytes: 0 }, log)
    expect(warnings).toEqual([])
  })

  it('stays where it is enabled', async () => {
    fill()
    await emptyUnused({ directory, maxBytes: 1 }, log)
    expect(existsSync(join(directory, 'ab', 'block.safetensors'))).toBe(true)
  })

  it('logs a folder that cannot be removed, and goes on', async () => {
    fill()
    await emptyUnused({ directory: `${directory}/..`, maxBytes: 0 }, log)
    expect(existsSync(join(directory, 'ab', 'block.safetensors'))).toBe(true)
    expect(warnings).toHaveLength(1)
  })
})
