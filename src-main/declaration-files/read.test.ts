import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeclarationFileError, declarationFilesAt } from './read'

describe('a folder that a user names', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'muster-read-'))
    mkdirSync(path.join(folder, 'private'))
    writeFileSync(path.join(folder, 'private', 'chat.yaml'), '')
  })
  afterEach(() => {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
    rmSync(folder, { recursive: true })
  })

  it('is refused with the folder in it that cannot be read', async () => {
    const place = path.join(folder, 'private')
    expect(await declarationFilesAt(folder)).toEqual([path.join(place, 'chat.yaml')])
    const real = files.readdir
    // Refused by the system where tests run as another user than root, who may read everything. Not `vi.mock`: the module
    // under test may be loaded already, by another test file.
    vi.spyOn(files, 'readdir').mockImplementation(async (...given) => {
      if (given[0] !== place) return real(...given)
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path: place })
    })
    syncBuiltinESMExports()
    const refused = declarationFilesAt(folder)
    await expect(refused).rejects.toThrow(DeclarationFileError)
    await expect(refused).rejects.toThrow(`${place} cannot be read (EACCES)`)
  })
})
