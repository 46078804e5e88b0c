import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ReadyLine } from '@core/protocols/control'
import { temporaryFolder } from '../harness/headless-node'
import { root } from '../harness/paths'

const run = promisify(execFile)

describe('the package for npm', () => {
  const folder = temporaryFolder()
  const prefix = join(folder.path, 'prefix')
  const muster = join(prefix, 'bin', 'muster')
  const data = join(folder.path, 'data')
  // Nothing of this repository may help it.
  const env = { PATH: process.env['PATH'], HOME: folder.path }
  beforeAll(async () => {
    const made = join(root, 'dist', 'npm')
    mkdirSync(made, { recursive: true })
    // The container image takes every package that lies there.
    writeFileSync(join(made, 'muster-0.0.1.tgz'), 'an earlier version')
    await run(process.execPath, [join(root, 'build', 'package', 'npm.mjs')], { cwd: root })
    const packages = readdirSync(made).filter((name) => name.endsWith('.tgz'))
    expect(packages).toHaveLength(1)
    const [tarball = ''] = packages
    mkdirSync(prefix)
    // node-pty is optional: without it, nothing asks a registry.
    const options = ['--prefix', prefix, '--omit=optional', '--offline', '--no-audit', '--no-fund']
    await run('npm', ['install', '--global', ...options, join(made, tarball)], { env, cwd: folder.path })
  })
  afterAll(() => folder.dispose())

  it('puts `muster` on the path, with its help and its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect((await run(muster, ['--version'], { env })).stdout).toBe(`${version}\n`)
    expect((await run(muster, ['--help'], { env })).stdout).toContain('muster')
  })

  it('runs a node that serves the app and has the runner’s sources with it', async () => {
    const options = ['--data-dir', data, '--port', '0', '--peer-port', '0', '--no-discovery', '--offline']
    const node = spawn(muster, ['serve', ...options], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(node, 'exit')
    try {
      const [line] = (await once(createInterface({ input: node.stdout }), 'line')) as [string]
      const { url } = ReadyLine.parse(JSON.parse(line))
      expect(await (await fetch(url)).text()).toContain('<html')
      // Where the sources were missing it would not offer to make the environment that runs them.
      const setup = (await (await fetch(`${url}/node/setup`)).json()) as { python: { status: string; reason?: string } }
      expect(setup.python).toMatchObject({ status: 'missing' })
    } finally {
      node.kill('SIGTERM')
      await exited
    }
  })
})
