import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DeclarationFileError, declarationFilesAt } from './read'

/** Bytes that the system takes as a path, at most. */
const LONGEST_PATH = process.platform === 'darwin' ? 1024 : 4096

/** Folders within each other, whose names take up seven tenths of the longest path. */
const deep = path.join(...Array.from({ length: (LONGEST_PATH * 0.7) / 200 }, () => 'x'.repeat(199)))

describe('a folder that a user names', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'muster-read-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it('has the declaration files of the folders in it', async () => {
    mkdirSync(path.join(folder, 'team'))
    const files = ['all.yaml', path.join('team', 'chat.yml')].map((name) => path.join(folder, name))
    for (const file of files) writeFileSync(file, '')
    expect(await declarationFilesAt(folder)).toEqual(files)
  })

  it('is refused with the folder in it that cannot be read', async () => {
    // A path that is too long: root, as whom tests may run, can read all others.
    const [moved, place] = [path.join(folder, 'moved'), path.join(folder, 'place', deep, 'moved')]
    mkdirSync(path.join(moved, deep), { recursive: true })
    mkdirSync(path.dirname(place), { recursive: true })
    renameSync(moved, place)
    const refused: unknown = await declarationFilesAt(folder).catch((error: unknown) => error)
    renameSync(place, moved)
    expect(refused).toBeInstanceOf(DeclarationFileError)
    expect(String(refused)).toContain(`${place}${path.sep}x`)
    expect(String(refused)).toContain('cannot be read (ENAMETOOLONG)')
  })
})
