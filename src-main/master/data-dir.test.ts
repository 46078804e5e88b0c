import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepareDataDir } from './data-dir'

describe('a data folder', () => {
  it.each([
    ['a file', (at: string) => writeFileSync(at, '')],
    ['a link that leads nowhere', (at: string) => symlinkSync('/nowhere/at/all', at)],
  ])('is refused with a clear error if %s is in the way', async (_what, put) => {
    const root = mkdtempSync(join(tmpdir(), 'data-dir-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    const dataDir = join(root, 'muster')
    put(dataDir)
    for (const path of [dataDir, join(dataDir, 'below')]) {
      await expect(prepareDataDir(path)).rejects.toMatchObject({
        code: 'data_dir_unusable',
        message: expect.stringContaining(`The data folder ${path} cannot be used: `) as string,
        hint: expect.stringContaining('--data-dir') as string,
      })
    }
  })

  it('is created with its parents; an existing one is left as it is', async () => {
    const root = mkdtempSync(join(tmpdir(), 'data-dir-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    await prepareDataDir(join(root, 'a', 'b'))
    await prepareDataDir(join(root, 'a', 'b'))
  })
})
