import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastLines } from './last-lines'

describe('the last lines of a log', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-lines-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('go on into the file before, where the newest has too few', () => {
    const paths = [file('new', 'c\nd\n'), file('old', 'a\nb\n'), join(folder, 'missing')]
    expect(lastLines(paths, 3)).toEqual(['b', 'c', 'd'])
    expect(lastLines(paths, 1)).toEqual(['d'])
    expect(lastLines(paths, 0)).toEqual([])
    expect(lastLines(paths, 9)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('pass over what is no file, and do not wait for a pipe', () => {
    mkdirSync(join(folder, 'folder'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(lastLines([join(folder, 'folder'), join(folder, 'pipe'), file('old', 'a\n')], 9)).toEqual(['a'])
  })

  it('are whole: neither one that is being written, nor the rest of one that began before what is read', () => {
    expect(lastLines([file('torn', 'a\nb\nc')], 9)).toEqual(['a', 'b'])
    const long = 'x'.repeat(700_000)
    expect(lastLines([file('long', `${long}1\n${long}2\nend\n`)], 9)).toEqual([`${long}2`, 'end'])
  })
})
