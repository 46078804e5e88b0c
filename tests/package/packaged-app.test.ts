import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { STARTER_MODEL } from '@main/models/index'
import { fuses } from '../../build/package/configuration.mjs'
import { tools } from '../../build/package/tools.mjs'
import { Control } from '../harness/control'
import { temporaryFolder } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import {
  noPackage,
  packageApp,
  packagedProgram,
  packagedResources,
  runLauncher,
  startPackaged,
  startPackagedAgain,
  type PackagedApp,
} from '../harness/packaged-app'
import { root } from '../harness/paths'

/** Packages of 200 MB come from the index of Python packages, unless an earlier run left them in the cache. */
const SETTING_UP_LIMIT_MS = 600_000

const fromTools = createRequire(join(tools, 'package.json'))

describe.skipIf(noPackage !== undefined)('the packaged app', () => {
  let folder: { path: string; dispose(): void }
  let app: PackagedApp
  let control: Control

  beforeAll(async () => {
    packageApp()
    folder = temporaryFolder()
    addTinyModel(folder.path)
    app = await startPackaged(folder.path)
    await app.page.until(`document.querySelector('h1') !== null`)
    control = new Control(String(await app.page.evaluate(`window.muster.apiAccess().then(({ url }) => url)`)))
  }, 600_000)

  afterAll(async () => {
    const code = await app?.quit()
    folder?.dispose()
    expect(code).toBe(0)
  })

  it('shows its window from its own archive', async () => {
    expect(app.page.url).toBe('app://muster/')
    const page = await fetch(control.url)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<title>')
  })

  it(
    'makes its Python environment by itself, without anything of this repository',
    async () => {
      const { nodes } = await control.until(
        'models can run',
        (state) => Object.values(state.nodes).some(({ cannotRun }) => cannotRun === undefined),
        SETTING_UP_LIMIT_MS,
      )
      expect(Object.keys(nodes)).toHaveLength(1)
      expect(readdirSync(join(folder.path, 'python')).length).toBeGreaterThan(0)
    },
    SETTING_UP_LIMIT_MS,
  )

  it(
    'adds the starter model, so that the first chat needs no model hub',
    async () => {
      const listed = async () =>
        z
          .object({ models: z.array(z.object({ modelId: z.string() })) })
          .parse(await (await fetch(`${control.url}/models`)).json())
      await expect
        .poll(async () => (await listed()).models.map(({ modelId }) => modelId), { timeout: SETTING_UP_LIMIT_MS })
        .toContain(STARTER_MODEL)
    },
    SETTING_UP_LIMIT_MS,
  )

  it('keeps a declared model, answers, and gives its runner a terminal', async () => {
    const { metaInstanceId } = await control.declare(TINY, { name: 'chat' })
    const state = await control.until(
      'the model is ready',
      ({ instances, runners }) =>
        Object.values(instances).some(
          (instance) =>
            instance.metaInstanceId === metaInstanceId &&
            instance.shards.every(({ runnerId }) => runners[runnerId]?.status === 'Ready'),
        ),
      300_000,
    )
    const answered = await control.request('/v1/chat/completions', {
      method: 'POST',
      json: { model: 'chat', max_tokens: 4, messages: [{ role: 'user', content: 'hello' }] },
    })
    expect(answered.status).toBe(200)
    // node-pty's native part works from beside the archive: with plain pipes this were a pipe.
    const [runner] = Object.values(state.runners)
    const pid = runner !== undefined && 'pid' in runner ? Number(runner.pid) : 0
    expect(readlinkSync(`/proc/${pid}/fd/1`)).toMatch(/^\/dev\/pts\//)
  })

  it('is the command line too, through its launcher and a link to that, beside the app that runs', async () => {
    const linked = join(folder.path, 'linked-muster')
    symlinkSync(join(packagedResources, 'bin', 'muster'), linked)
    const muster = (...args: readonly string[]) => runLauncher(linked, { dataDir: folder.path, args })
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(muster('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
    const listed = muster('ps', '--json', '--url', control.url)
    expect(listed).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(listed.stdout)).toMatchObject({ declarations: [{ name: 'chat', modelId: TINY }] })
    // Exit codes are its own, and no word of a command is read by Chromium.
    expect(muster('ps', '--proxy-server=nowhere')).toMatchObject({ status: 2, stdout: '' })
    expect(muster('ps', '--url', 'http://127.0.0.1:9')).toMatchObject({ status: 3 })
    expect(muster('service', 'status').stderr).toContain('cannot be a service')
    const answered = runLauncher(linked, {
      dataDir: folder.path,
      args: ['run', 'chat', '--url', control.url],
      input: 'hi',
    })
    expect(answered).toMatchObject({ status: 0 })
    expect(answered.stdout.length).toBeGreaterThan(1)
    expect(await app.page.evaluate(`window.muster.commandLineTool({ action: 'show' })`)).toHaveProperty('state')
  }, 300_000)

  it('has its fuses as configured', async () => {
    const { FuseV1Options, getCurrentFuseWire } = (await import(fromTools.resolve('@electron/fuses'))) as {
      FuseV1Options: Record<string, string | number>
      getCurrentFuseWire: (program: string) => Promise<Record<number, number>>
    }
    const wire = await getCurrentFuseWire(packagedProgram)
    const electron = Number(/Electron\/(\d+)/.exec(String(await app.page.evaluate(`navigator.userAgent`)))?.[1])
    const wanted = Object.entries(fuses(electron))
    expect(wanted.length).toBeGreaterThanOrEqual(7)
    for (const [name, on] of wanted) {
      const key = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`
      const found = wire[Number(FuseV1Options[key])]
      expect([name, found]).toEqual([name, (on ? '1' : '0').charCodeAt(0)])
    }
  })

  it('cannot be used as Node', () => {
    const { output } = startPackagedAgain(folder.path, {
      args: ['-p', '6 * 7000'],
      env: { ELECTRON_RUN_AS_NODE: '1' },
    })
    expect(output).not.toContain('42000')
  })

  it('loads nothing that the environment names, and takes no inspector', () => {
    const script = join(folder.path, 'injected.cjs')
    writeFileSync(script, `console.log('injected code ran')`)
    const { output } = startPackagedAgain(folder.path, {
      args: ['--inspect=0'],
      env: { NODE_OPTIONS: `--require ${script}` },
    })
    expect(output).not.toContain('injected code ran')
    expect(output).not.toContain('Debugger listening')
  })

  it('runs no code from a folder that somebody puts beside the archive', () => {
    const other = join(packagedResources, 'app')
    mkdirSync(other)
    try {
      writeFileSync(join(other, 'package.json'), JSON.stringify({ name: 'muster', version: '0.0.0', main: 'main.js' }))
      writeFileSync(join(other, 'main.js'), `console.log('other code ran'); process.exit(7)`)
      const { status, output } = startPackagedAgain(folder.path)
      expect(output).not.toContain('other code ran')
      expect(status).toBe(0)
    } finally {
      rmSync(other, { recursive: true, force: true })
    }
  })
})
