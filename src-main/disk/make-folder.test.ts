import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeFolder, makeFolderSync } from './make-folder'

const temporary = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'make-folder-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', (path: string) => Promise.resolve().then(() => makeFolderSync(path))],
])('%s', (_name, make) => {
  it('makes what lacks, for its owner alone, and leaves what is there', async () => {
    const root = temporary()
    const path = join(root, 'a', 'b', 'c')
    await make(path)
    await make(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    symlinkSync(join(root, 'a'), join(root, 'link'))
    await make(join(root, 'link', 'd'))
    expect(existsSync(join(root, 'a', 'd'))).toBe(true)
  })

  it('is refused where a file stands in its way, or a link that leads nowhere', async () => {
    const root = temporary()
    writeFileSync(join(root, 'file'), '')
    symlinkSync(join(root, 'nowhere'), join(root, 'link'))
    await expect(make(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(make(join(root, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(make(join(root, 'link'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(make(join(root, 'link', 'a'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.runIf(existsSync('/proc/self'))('comes to an end where a file system takes no folders', async () => {
    await expect(make('/proc/nothing/below')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
