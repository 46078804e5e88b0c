import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { unusableFolders } from './stores'

it('a file or a broken link in the place of a model folder is told from a folder that is yet to be made', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'stores-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  const at = (name: string): string => join(dataDir, name)
  mkdirSync(at('folder'))
  symlinkSync(at('folder'), at('link'))
  writeFileSync(at('file'), '')
  symlinkSync('/nowhere/at/all', at('broken'))
  symlinkSync(at('models'), at('models'))
  const folders = ['folder', 'link', 'missing', 'file', 'broken'].map(at)
  expect(await unusableFolders({ dataDir, folders })).toEqual(['file', 'broken', 'models'].map(at))
})
