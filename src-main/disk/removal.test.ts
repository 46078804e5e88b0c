import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { lstat, readdir, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeBelow, type Disk } from './below'
import { finishRemovals, removeBelow, removeFile, removeFileSync } from './removal'

let folder: string
/** Muster's folder. */
let root: string
/** Files of others, which must never change. */
let elsewhere: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-removal-'))
  root = join(folder, 'ours')
  elsewhere = join(folder, 'elsewhere')
  put(join(root, 'owner', 'name', 'weights'))
  put(join(root, 'owner', 'other', 'weights'))
  put(join(elsewhere, 'name', 'weights'))
})
afterEach(() => {
  expect(readFileSync(join(elsewhere, 'name', 'weights'), 'utf8')).toBe('whole')
  rmSync(folder, { recursive: true, force: true })
})

const put = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, 'whole')
}

const DISK: Disk = { lstat: (path) => lstat(path), readdir: (path) => readdir(path), rename }
const refused = { code: 'not_ours' }

describe('removing below a folder of ours', () => {
  it('takes the folder that was named, all of it and nothing else', async () => {
    put(join(root, 'owner', 'name', 'deep', 'er', 'file'))
    await removeBelow(root, ['owner', 'name'])
    expect(readdirSync(root)).toEqual(['owner'])
    expect(readdirSync(join(root, 'owner'))).toEqual(['other'])
  })

  it('does nothing where there is nothing', async () => {
    for (const names of [
      ['owner', 'none'],
      ['none', 'name'],
      ['owner', 'name', 'weights', 'below a file'],
    ])
      await removeBelow(root, names)
    await removeBelow(join(folder, 'missing'), ['name'])
    expect(readdirSync(join(root, 'owner'))).toEqual(['name', 'other'])
  })

  it('follows no link on the way, however deep, and removes nothing then', async () => {
    symlinkSync(elsewhere, join(root, 'linked'))
    symlinkSync(elsewhere, join(root, 'owner', 'linked'))
    symlinkSync(join('..', 'elsewhere'), join(root, 'relative'))
    symlinkSync(join(root, 'linked'), join(root, 'twice'))
    for (const names of [
      ['linked', 'name'],
      ['owner', 'linked', 'name'],
      ['relative', 'name'],
      ['twice', 'name'],
    ])
      await expect(removeBelow(root, names)).rejects.toMatchObject(refused)
    expect(readdirSync(root).sort()).toEqual(['linked', 'owner', 'relative', 'twice'])
  })

  it('removes a link as a link, also inside of what is removed', async () => {
    symlinkSync(join(elsewhere, 'name'), join(root, 'owner', 'link'))
    symlinkSync(elsewhere, join(root, 'owner', 'name', 'folder'))
    symlinkSync(join(elsewhere, 'name', 'weights'), join(root, 'owner', 'name', 'file'))
    symlinkSync(join(folder, 'nowhere'), join(root, 'owner', 'dangling'))
    for (const name of ['link', 'name', 'dangling']) await removeBelow(root, ['owner', name])
    expect(readdirSync(join(root, 'owner'))).toEqual(['other'])
  })

  it('leaves whole what has another name elsewhere', async () => {
    linkSync(join(elsewhere, 'name', 'weights'), join(root, 'owner', 'name', 'hard'))
    await removeBelow(root, ['owner', 'name'])
    expect(existsSync(join(root, 'owner', 'name'))).toBe(false)
  })

  it('works in a folder that people keep elsewhere by a link', async () => {
    const link = join(folder, 'data')
    symlinkSync(root, link)
    await removeBelow(link, ['owner', 'name'])
    expect(readdirSync(join(root, 'owner'))).toEqual(['other'])
  })

  it('takes no path for a name', async () => {
    const names = ['..', '.', '', '../elsewhere', 'owner/name', join(elsewhere, 'name'), 'a\\b', 'a\0b']
    for (const name of names)
      for (const path of [[name], ['owner', name], [name, 'name']])
        await expect(removeBelow(root, path)).rejects.toMatchObject(refused)
    await expect(removeBelow(root, [])).rejects.toMatchObject(refused)
    for (const name of names) {
      await expect(removeFile(join(root, 'owner'), name)).rejects.toMatchObject(refused)
      expect(() => removeFileSync(join(root, 'owner'), name)).toThrow('Muster changes nothing there')
    }
    expect(readdirSync(join(root, 'owner'))).toEqual(['name', 'other'])
  })

  it('takes a name only as it is written, where the disk would take it in other letters too', async () => {
    const lowered: Disk = {
      ...DISK,
      lstat: (path) => lstat(join(root, path.slice(root.length).toLowerCase())),
      rename: () => Promise.reject(new Error('it was moved')),
    }
    for (const names of [
      ['Owner', 'name'],
      ['owner', 'NAME'],
    ])
      await expect(removeBelow(root, names, lowered)).rejects.toMatchObject(refused)
  })

  it('leaves what lies on another disk', async () => {
    const mounted = (path: string): Disk => ({
      ...DISK,
      lstat: async (asked) => {
        const entry = await lstat(asked)
        if (asked === path) entry.dev += 1
        return entry
      },
    })
    for (const path of [join(root, 'owner'), join(root, 'owner', 'name'), join(root, 'owner', 'name', 'deep')]) {
      mkdirSync(join(root, 'owner', 'name', 'deep'), { recursive: true })
      await expect(removeBelow(root, ['owner', 'name'], mounted(path))).rejects.toMatchObject(refused)
    }
    expect(readdirSync(join(root, 'owner', 'name')).sort()).toEqual(['deep', 'weights'])
  })

  it('puts back what it took from behind a link that came in the way while it was at it', async () => {
    const swapped: Disk = {
      ...DISK,
      rename: async (from, to) => {
        if (!existsSync(join(folder, 'hidden'))) {
          renameSync(join(root, 'owner'), join(folder, 'hidden'))
          symlinkSync(elsewhere, join(root, 'owner'))
        }
        await rename(from, to)
      },
    }
    await expect(removeBelow(root, ['owner', 'name'], swapped)).rejects.toMatchObject(refused)
    expect(readdirSync(root)).toEqual(['owner'])
    expect(readdirSync(join(folder, 'hidden'))).toEqual(['name', 'other'])
  })

  it('goes on at the next start where it was interrupted, and touches nothing else', async () => {
    const doomed = join(root, '.removed-0b0f64a2-7a5b-4b0e-8f0a-6d5a3c1f2e4d')
    renameSync(join(root, 'owner', 'name'), doomed)
    symlinkSync(elsewhere, join(root, '.removed-0b0f64a2-7a5b-4b0e-8f0a-6d5a3c1f2e4e'))
    put(join(root, '.removed-by-me', 'file'))
    await finishRemovals(root)
    await finishRemovals(join(folder, 'missing'))
    expect(readdirSync(root).sort()).toEqual(['.removed-by-me', 'owner'])
  })
})

describe('removing a file', () => {
  it('takes a file or a link, never a folder, and is content where there is none', async () => {
    for (const remove of [removeFile, async (...of: [string, string]) => removeFileSync(...of)]) {
      put(join(root, 'file'))
      symlinkSync(join(elsewhere, 'name', 'weights'), join(root, 'link'))
      for (const name of ['file', 'link', 'missing']) await remove(root, name)
      await expect(remove(root, 'owner')).rejects.toThrow()
      expect(readdirSync(root)).toEqual(['owner'])
    }
  })
})

describe('making folders below one of ours', () => {
  it('makes what is missing, and refuses a link on the way', async () => {
    symlinkSync(elsewhere, join(root, 'linked'))
    expect(await makeBelow(root, ['new', 'newer'])).toBe(join(root, 'new', 'newer'))
    expect(await makeBelow(root, ['owner', 'name'])).toBe(join(root, 'owner', 'name'))
    for (const names of [['linked'], ['linked', 'new'], ['..', 'new'], [elsewhere]])
      await expect(makeBelow(root, names)).rejects.toMatchObject(refused)
    expect(readdirSync(elsewhere)).toEqual(['name'])
  })
})
