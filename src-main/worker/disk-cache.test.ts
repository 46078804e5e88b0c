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

  it('is emptied where nothing is to be kept, and nothing else is', async () => {
    fill()
    writeFileSync(join(data, 'settings.json'), '{}')
    await emptyUnused({ directory, maxBytes: 0 }, log)
    expect([existsSync(directory), existsSync(join(data, 'settings.json'))]).toEqual([false, true])
    await emptyUnused({ directory, maxBytes: 0 }, log)
    expect(warnings).toEqual([])
  })

  it('stays where something may be kept', async () => {
    fill()
    await emptyUnused({ directory, maxBytes: 1 }, log)
    expect(existsSync(join(directory, 'ab', 'block.safetensors'))).toBe(true)
  })

  it('tells of a folder that cannot be removed, and fails nobody', async () => {
    fill()
    await emptyUnused({ directory: `${directory}/..`, maxBytes: 0 }, log)
    expect(existsSync(join(directory, 'ab', 'block.safetensors'))).toBe(true)
    expect(warnings).toHaveLength(1)
  })
})
