import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRotatingFile } from './rotating-file'

describe('a rotating file', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'muster-log-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const open = (onError: (error: Error) => void = (error) => expect.unreachable(error.message)) =>
    openRotatingFile({ path: join(directory, 'a.log'), maxBytes: 20, files: 3, onError })
  const contents = (name: string) => readFileSync(join(directory, name), 'utf8')

  it('never holds more files and bytes than allowed, and keeps the newest lines', () => {
    const file = open()
    for (let line = 0; line < 50; line += 1) file.write(`line ${line}\n`)
    file.close()
    expect(readdirSync(directory).sort()).toEqual(['a.1.log', 'a.2.log', 'a.log'])
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(20)
    expect(contents('a.2.log') + contents('a.1.log') + contents('a.log')).toBe(
      [44, 45, 46, 47, 48, 49].map((line) => `line ${line}\n`).join(''),
    )
  })

  it('goes on where an earlier run ended', () => {
    writeFileSync(join(directory, 'a.log'), 'before\n')
    const file = open()
    file.write('after\n')
    file.close()
    expect(contents('a.log')).toBe('before\nafter\n')
  })

  it('writes a line that is longer than a whole file', () => {
    const file = open()
    file.write(`${'x'.repeat(100)}\n`)
    file.write('next\n')
    file.close()
    expect(contents('a.1.log')).toHaveLength(101)
    expect(contents('a.log')).toBe('next\n')
  })

  it('does not wait for the reader of a pipe in its place: the line is lost, and that is reported', () => {
    execFileSync('mkfifo', [join(directory, 'a.log')])
    const errors: Error[] = []
    const file = open((error) => errors.push(error))
    file.write('x\n')
    file.close()
    expect(errors).toHaveLength(1)
  })

  it('can be read by its owner only', () => {
    const file = open()
    file.write('x\n')
    file.close()
    expect(statSync(join(directory, 'a.log')).mode & 0o077).toBe(0)
  })

  it('reports a row of failures once, loses those lines, and goes on when writing works again', () => {
    const errors: string[] = []
    const late = join(directory, 'late')
    const file = openRotatingFile({
      path: join(late, 'a.log'),
      maxBytes: 20,
      files: 3,
      onError: (error) => errors.push(error.message),
    })
    file.write('lost\n')
    file.write('lost too\n')
    mkdirSync(late)
    file.write('kept\n')
    file.close()
    expect(errors).toEqual([expect.stringContaining('ENOENT')])
    expect(contents('late/a.log')).toBe('kept\n')
  })
})
