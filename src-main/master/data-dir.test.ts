import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { asUnusable, prepareDataDir } from './data-dir'
import { lockDataDir } from './data-lock'
import { diskError } from './errors'

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

  it('with something in the way inside it is refused by that path', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'data-dir-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    writeFileSync(join(dataDir, 'run'), '')
    const start = () => {
      try {
        lockDataDir(dataDir)
      } catch (error) {
        throw asUnusable(dataDir, error)
      }
    }
    expect(start).toThrow(`${join(dataDir, 'run')} cannot be used: a file or a broken link is in its way`)
  })

  it.each([
    ['the settings', (cause: unknown) => cause],
    ['the log', (cause: unknown) => diskError('/data/log', cause)],
  ])('in which %s belong to someone else is refused with how to give them back', (_what, thrown) => {
    const cause = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/data/it' })
    expect(asUnusable('/data', thrown(cause))).toMatchObject({
      code: 'data_dir_unusable',
      message: '/data/it cannot be used: this user may not read and write it',
      hint: expect.stringContaining('sudo chown -R "$(id -un)" "/data"') as string,
    })
  })

  it.each([
    ['of a file elsewhere', 'EACCES', '/etc/muster.pem'],
    ['that may pass by itself', 'EMFILE', '/data/settings.json'],
  ])('is not held responsible for an error %s', (_what, code, path) => {
    const error = Object.assign(new Error(code), { code, path })
    expect(asUnusable('/data', error)).toBe(error)
  })

  it('is created with its parents; an existing one is left as it is', async () => {
    const root = mkdtempSync(join(tmpdir(), 'data-dir-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    await prepareDataDir(join(root, 'a', 'b'))
    await prepareDataDir(join(root, 'a', 'b'))
  })
})
