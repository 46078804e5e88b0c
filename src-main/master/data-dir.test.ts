import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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

  const OBSTACLES: readonly (readonly [string, string, (at: string) => void])[] = [
    ['a folder', 'a folder is in its way', (at) => mkdirSync(at)],
    ['a pipe', 'a pipe, a socket or a device is in its way', (at) => void execFileSync('mkfifo', [at])],
    ['a link to a device', 'a pipe, a socket or a device is in its way', (at) => symlinkSync('/dev/zero', at)],
    ['a link to itself', 'a file or a broken link is in its way', (at) => symlinkSync(at, at)],
    ['a link that leads nowhere', 'a file or a broken link is in its way', (at) => symlinkSync('/nowhere/at/all', at)],
  ]
  it.each(OBSTACLES)('with %s in the place of a file is refused before the file is read', async (_what, says, put) => {
    for (const name of ['settings.json', 'identity.json', join('log', 'term.json'), join('log', '0001.log')]) {
      const dataDir = mkdtempSync(join(tmpdir(), 'data-dir-'))
      onTestFinished(() => rmSync(dataDir, { recursive: true }))
      mkdirSync(join(dataDir, 'log'))
      put(join(dataDir, name))
      await expect(prepareDataDir(dataDir)).rejects.toMatchObject({
        code: 'data_dir_unusable',
        message: `${join(dataDir, name)} cannot be used: ${says}`,
        hint: 'Move that away, and start again.',
      })
    }
  })

  it('may have links to files, and folders of other names', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'data-dir-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    writeFileSync(join(dataDir, 'mine'), '{}')
    symlinkSync(join(dataDir, 'mine'), join(dataDir, 'settings.json'))
    mkdirSync(join(dataDir, 'former-identity'))
    await prepareDataDir(dataDir)
  })

  it.each([
    ['a write to an open file', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' })],
    ['a file', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'open', path: '/data/run/lock' })],
    ['the log', diskError('/data', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }))],
  ])('on a full disk that refuses %s says that it is to be started again', (_what, error) => {
    expect(asUnusable('/data', error)).toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('The disk that holds /data is full') as string,
      hint: 'Free some space, and start again.',
    })
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

  it.each(['ENOTSUP', 'EPERM'])('on a disk without links says so, and what can stay there: %s', (code) => {
    const dest = '/data/run/lock.0000000001'
    const error = Object.assign(new Error(code), { code, syscall: 'link', path: '/data/run/lock-draft.1', dest })
    expect(asUnusable('/data', error)).toMatchObject({
      code: 'data_dir_unusable',
      message: expect.stringContaining('/data cannot be used: its disk has neither hard links') as string,
      hint: expect.stringContaining('The models can stay') as string,
    })
  })

  it.each([
    ['of a file elsewhere', 'EACCES', '/etc/muster.pem'],
    ['that may pass by itself', 'EMFILE', '/data/settings.json'],
    ['of a full disk elsewhere', 'ENOSPC', '/var/tmp/it'],
    ['of a limit that is named like a full disk', 'ENOSPC', undefined],
  ])('is not held responsible for an error %s', (_what, code, path) => {
    const error = Object.assign(new Error(code), { code, path, syscall: 'watch' })
    expect(asUnusable('/data', error)).toBe(error)
  })

  it('is created with its parents; an existing one is left as it is', async () => {
    const root = mkdtempSync(join(tmpdir(), 'data-dir-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    await prepareDataDir(join(root, 'a', 'b'))
    await prepareDataDir(join(root, 'a', 'b'))
  })
})
