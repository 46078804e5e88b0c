import { execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../harness/headless-node'
import { cli, required } from '../harness/paths'

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Fakes of systemctl and loginctl: they note what they were told, and say that a unit is active once it was started. */
const FAKE = `#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
[ -z "$REFUSES" ] || { echo "Failed to connect to bus" >&2; exit 1; }
case "$*" in *is-active*) grep -q restart "$CALLS" && ! grep -q disable "$CALLS";; esac
`

describe.runIf(process.platform === 'linux')('muster service', () => {
  const folder = temporaryFolder()
  const calls = join(folder.path, 'calls')
  const unit = join(folder.path, '.config', 'systemd', 'user', 'muster.service')
  const more: NodeJS.ProcessEnv = {}
  const muster = (...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = {
        HOME: folder.path,
        PATH: `${join(folder.path, 'bin')}:${process.env['PATH'] ?? ''}`,
        CALLS: calls,
        ...more,
      }
      const command = [required(cli, 'run `npm run build`'), 'service', ...args]
      execFile(process.execPath, command, { env, cwd: folder.path }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })

  beforeAll(() => {
    mkdirSync(join(folder.path, 'bin'))
    writeFileSync(calls, '')
    for (const name of ['systemctl', 'loginctl']) {
      writeFileSync(join(folder.path, 'bin', name), FAKE)
      chmodSync(join(folder.path, 'bin', name), 0o755)
    }
  })
  afterAll(() => folder.dispose())

  it('says that it is not there, and takes nothing away that is not', async () => {
    expect(await muster('status')).toMatchObject({ out: 'Not installed.\n', code: 1 })
    expect(await muster('restart')).toMatchObject({ code: 4 })
    expect(await muster('uninstall')).toMatchObject({
      err: expect.stringContaining('not installed') as string,
      code: 4,
    })
  })

  it('leaves nothing behind where the system does not take it', async () => {
    Object.assign(more, { REFUSES: 'yes' })
    expect(await muster('install')).toMatchObject({ err: expect.stringMatching(/bus[^]*--system/) as string, code: 1 })
    Object.assign(more, { REFUSES: '' })
    expect(existsSync(unit)).toBe(false)
    expect(await muster('status')).toMatchObject({ out: 'Not installed.\n', code: 1 })
  })

  it.each([
    [['--prot', '1'], /--prot'[^]*--port/],
    [['--port', 'all'], /--port/],
    [['--allow-host', 'a b'], /--allow-host/],
    [['--host', ''], /--host/],
    [['models'], /arguments/],
    [['--help'], /--help/],
  ])('is not installed with %j, which a node would not start with', async (serve, says) => {
    expect(await muster('install', '--', ...serve)).toMatchObject({
      err: expect.stringMatching(says) as string,
      code: 2,
    })
    expect(existsSync(unit)).toBe(false)
  })

  it('finds the folders again that were given from here: it starts elsewhere', async () => {
    Object.assign(more, { MUSTER_CA_FILE: 'ca.pem', MUSTER_MODEL_FOLDERS: '/models' })
    const serve = ['--data-dir', 'data', '--declarations=./kept', '--port', '0']
    expect(await muster('install', '--', ...serve)).toMatchObject({ code: 0 })
    const text = readFileSync(unit, 'utf8')
    expect(text).toContain(
      `"serve" "--data-dir" "${join(folder.path, 'data')}" "--declarations=${join(folder.path, 'kept')}" "--port" "0"`,
    )
    expect(text).toContain(`Environment="MUSTER_CA_FILE=${join(folder.path, 'ca.pem')}"`)
    expect(text).toContain('Environment="MUSTER_MODEL_FOLDERS=/models"')
  })

  it('can be read by others than root, who ask for its status', async () => {
    chmodSync(unit, 0o600)
    expect(await muster('install', '--', '--port', '0')).toMatchObject({ code: 0 })
    expect(statSync(unit).mode & 0o777).toBe(0o644)
  })

  it('installs a unit that starts a node with the options it was given', async () => {
    const data = join(folder.path, 'a folder')
    const serve = ['--data-dir', data, '--port', '0', '--peer-port', '0', '--no-discovery', '--no-worker', '--offline']
    Object.assign(more, { https_proxy: 'http://proxy.lan:3128', MUSTER_HUB: 'modelscope', HF_TOKEN: 'hf_secret' })
    expect(await muster('install', '--', ...serve)).toMatchObject({ code: 0 })
    const text = readFileSync(unit, 'utf8')
    expect(text).toContain('Environment="https_proxy=http://proxy.lan:3128"')
    expect(text).toContain('Environment="MUSTER_HUB=modelscope"')
    expect(text).not.toContain('hf_secret')
    expect(readFileSync(calls, 'utf8')).toMatch(
      /daemon-reload[^]*enable muster\.service[^]*restart muster\.service[^]*loginctl enable-linger/,
    )
    expect(await muster('status', '--json')).toMatchObject({ out: expect.stringContaining('"running":true') as string })
    const start = /^ExecStart=(.*)$/m.exec(readFileSync(unit, 'utf8'))?.[1] ?? ''
    const [program = '', ...args] = [...start.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word)
    const node = spawn(program, args, { env: { HOME: folder.path, PATH: process.env['PATH'] } })
    try {
      for await (const line of createInterface({ input: node.stdout })) {
        expect(JSON.parse(line)).toMatchObject({ ready: true })
        break
      }
    } finally {
      const ended = new Promise((resolve) => node.once('exit', resolve))
      node.kill('SIGTERM')
      await ended
    }
  })

  it('is restarted in a way that keeps its models', async () => {
    expect(await muster('restart')).toMatchObject({ code: 0, out: expect.stringContaining('stay in memory') as string })
    expect(readFileSync(calls, 'utf8')).toMatch(/^systemctl --user reload muster\.service$/m)
  })

  it('is taken away again, and leaves the data folder', async () => {
    expect(await muster('uninstall')).toMatchObject({ code: 0 })
    expect([existsSync(unit), existsSync(join(folder.path, 'a folder'))]).toEqual([false, true])
    expect(await muster('status')).toMatchObject({ code: 1 })
  })
})
