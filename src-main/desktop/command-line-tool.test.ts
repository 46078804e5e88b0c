import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CommandLineTool, type CommandSource } from './command-line-tool'

vi.mock('electron', () => ({ app: {} }))

describe('the command line tool', () => {
  let folder: string
  let system: string
  let own: string
  let launcher: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-tool-'))
    system = join(folder, 'usr', 'bin')
    own = join(folder, 'home', 'bin')
    launcher = join(folder, 'Muster.app', 'Contents', 'Resources', 'bin', 'muster')
    mkdirSync(system, { recursive: true })
    mkdirSync(join(launcher, '..'), { recursive: true })
    writeFileSync(launcher, '#!/bin/sh\necho launched "$@"\n', { mode: 0o755 })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const tool = (source?: CommandSource) =>
    new CommandLineTool({ source, folders: [system, own], searchPath: `/bin:${system}` })
  const linked = () => tool({ kind: 'launcher', path: launcher })
  /** A file where a folder is wanted: nothing can be written below it, not even by root. */
  const block = (path: string) => {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, '')
  }

  it('is a link in the first folder, which runs, and is removed again', async () => {
    expect(await linked().status()).toEqual({ state: 'absent' })
    const path = join(system, 'muster')
    expect(await linked().install()).toEqual({ state: 'installed', path, isFound: true })
    expect(execFileSync(path, ['ps'], { encoding: 'utf8' })).toBe('launched ps\n')
    expect(await linked().remove()).toEqual({ state: 'absent' })
    expect(existsSync(path)).toBe(false)
  })

  it('goes into the person’s own folder where the system’s cannot be written, and says that shells may not look there', async () => {
    block(system)
    expect(await linked().install()).toEqual({ state: 'installed', path: join(own, 'muster'), isFound: false })
  })

  it('says what to type where no folder can be written', async () => {
    block(system)
    block(own)
    expect(await linked().install()).toEqual({
      state: 'absent',
      problem: {
        kind: 'unwritable',
        folders: [system, own],
        command: `sudo ln -sf '${launcher}' ${join(system, 'muster')}`,
      },
    })
  })

  it('leads to the app again after that was moved', async () => {
    symlinkSync(
      join(folder, 'elsewhere', 'Muster.app', 'Contents', 'Resources', 'bin', 'muster'),
      join(system, 'muster'),
    )
    expect(await linked().install()).toMatchObject({ state: 'installed' })
    expect(readlinkSync(join(system, 'muster'))).toBe(launcher)
  })

  it.each([
    ['a program', (path: string) => writeFileSync(path, '#!/bin/sh\necho other\n', { mode: 0o755 })],
    ['a link to one', (path: string) => symlinkSync('/bin/ls', path)],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('touches nothing of others: %s', async (_what, make) => {
    const path = join(system, 'muster')
    make(path)
    expect(await linked().install()).toEqual({ state: 'absent', problem: { kind: 'taken', path } })
    expect(await linked().remove()).toEqual({ state: 'absent' })
    expect(existsSync(path)).toBe(true)
  })

  it('of an AppImage is a script that starts the file, whatever it is called', async () => {
    const image = join(folder, `it's Muster.AppImage`)
    writeFileSync(image, '#!/bin/sh\nprintf "%s|" "$@"\n')
    chmodSync(image, 0o755)
    const path = join(system, 'muster')
    expect(await tool({ kind: 'app-image', path: image }).install()).toMatchObject({ state: 'installed', path })
    expect(execFileSync(path, ['run', 'two words'], { encoding: 'utf8' })).toMatch(
      /\|--muster-command-line\|--\|run\|two words\|$/,
    )
    expect(await tool({ kind: 'app-image', path: image }).remove()).toEqual({ state: 'absent' })
  })

  it('is not offered where the app is not installed, or a package brought it', async () => {
    expect(await tool().install()).toEqual({ state: 'unavailable' })
    expect(await tool({ kind: 'package' }).install()).toEqual({ state: 'package' })
  })
})
