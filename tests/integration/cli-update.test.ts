import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../harness/headless-node'
import { cli, required } from '../harness/paths'

/** The next version: it tells its number, and notes what else it was asked for. */
const NEXT = `
const words = process.argv.slice(2).join(' ')
if (words === '--version') console.log('9.9.9')
else require('node:fs').appendFileSync(process.env.CALLS, 'muster ' + words + '\\n')
process.exitCode = words === 'service restart' ? Number(process.env.RESTART_CODE) : 0
`

/** An npm that notes how it was called, and installs the next version where it is told to. */
const NPM = `#!/bin/sh
echo "npm $*" >> "$CALLS"
case "$*" in *next*) cp "$NEXT" "$SCRIPT";; *broken*) exit 3;; esac
`

describe('muster update', () => {
  const folder = { path: '', dispose: () => {} }
  const place = (...names: string[]): string => join(folder.path, ...names)
  const script = (): string => place('lib', 'node_modules', 'muster', 'out', 'main', 'cli.cjs')
  const calls = (): string => (existsSync(place('calls')) ? readFileSync(place('calls'), 'utf8') : '')

  beforeEach(() => {
    Object.assign(folder, temporaryFolder())
    cpSync(dirname(required(cli, 'run `npm run build`')), dirname(script()), { recursive: true })
    writeFileSync(place('next.cjs'), NEXT)
    mkdirSync(place('bin'))
    writeFileSync(place('bin', 'npm'), NPM)
    chmodSync(place('bin', 'npm'), 0o755)
  })
  afterEach(() => folder.dispose())

  const update = (words: readonly string[], restartCode = 0): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      const env = {
        HOME: folder.path,
        PATH: `${place('bin')}:${process.env['PATH'] ?? ''}`,
        ...{ CALLS: place('calls'), NEXT: place('next.cjs'), SCRIPT: script(), RESTART_CODE: String(restartCode) },
      }
      execFile(process.execPath, [script(), 'update', ...words], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })

  it('installs the package where npm has put this one, and has the new version restart the service', async () => {
    const { code, out } = await update(['next.tgz', '--json'])
    expect([code, JSON.parse(out)]).toEqual([0, { before: expect.any(String), after: '9.9.9', restarted: true }])
    expect(calls()).toBe(`npm install --global --prefix ${folder.path} next.tgz\nmuster service restart\n`)
  })

  it('says so where no service runs it, and restarts nothing that is up to date', async () => {
    expect(await update(['same.tgz'])).toMatchObject({ out: expect.stringContaining('already') as string, code: 0 })
    expect(calls()).not.toContain('restart')
    expect(await update(['next.tgz'], 4)).toMatchObject({
      err: expect.stringContaining('No service') as string,
      code: 0,
    })
  })

  it('asks for a package, only says what it would do, and fails as the package manager does', async () => {
    expect(await update([])).toMatchObject({ err: expect.stringContaining('muster-1.2.3.tgz') as string, code: 1 })
    const command = `npm install --global --prefix ${folder.path} next.tgz\n`
    expect(await update(['next.tgz', '--dry-run'])).toEqual({ code: 0, out: command, err: '' })
    expect(calls()).toBe('')
    expect(await update(['broken.tgz'])).toMatchObject({
      err: expect.stringContaining('exited with 3') as string,
      code: 1,
    })
  })
})
