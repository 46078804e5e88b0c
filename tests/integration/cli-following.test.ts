import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Control } from '../harness/control'
import { FakeHub } from '../harness/fake-hub'
import { freePort } from '../harness/free-port'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY, tinyModel } from '../harness/models'
import { muster, musterEnvironment } from '../harness/muster'
import { cli } from '../harness/paths'
import { PATIENCE_MS } from '../harness/patience'

/** A command that goes on, and all that it has printed. */
class Going {
  private text = ''
  private wake: () => void = () => undefined
  private readonly child: ChildProcess

  constructor(url: string, ...args: string[]) {
    this.child = spawn(process.execPath, [cli, ...args], {
      env: musterEnvironment({ url }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.text += chunk.toString()
        this.wake()
      })
  }

  get printed(): string {
    return this.text
  }

  async prints(pattern: RegExp): Promise<void> {
    const timer = setTimeout(() => this.wake(), PATIENCE_MS)
    const until = performance.now() + PATIENCE_MS - 1
    while (!pattern.test(this.text)) {
      if (performance.now() >= until) throw new Error(`not printed: ${String(pattern)} in ${this.text}`)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    clearTimeout(timer)
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGTERM')
    await once(this.child, 'exit')
  }
}

describe('what goes on, on the command line', () => {
  const folder = temporaryFolder()
  let hub: FakeHub
  let node: HeadlessNode
  let going: Going | undefined

  let port: number
  const start = (): Promise<HeadlessNode> =>
    startHeadless({
      dataDir: folder.path,
      args: ['--port', String(port)],
      env: { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '' },
    })
  const restart = async (): Promise<void> => {
    await node.stop()
    node = await start()
  }

  beforeAll(async () => {
    addTinyModel(folder.path)
    hub = await FakeHub.start()
    port = await freePort()
    node = await start()
  })
  afterEach(async () => {
    await going?.end()
    going = undefined
  })
  afterAll(async () => {
    await node.stop()
    await hub.close()
    folder.dispose()
  })

  it('follows the log across a restart of the node, each line once', async () => {
    going = new Going(node.url, 'logs', '-f', '--json', '-n', '5')
    await going.prints(/"msg":"running"/)
    await restart()
    await going.prints(/waiting for the node to come back/)
    await going.prints(/"msg":"running"[\s\S]*"msg":"running"/)
    const lines = going.printed.split('\n').filter((line) => line.startsWith('{'))
    expect(new Set(lines).size).toBe(lines.length)
    // Once for the outage, however long it was.
    expect(going.printed.match(/waiting for the node to come back/g)).toHaveLength(1)
  })

  it('follows events across a restart of the node', async () => {
    going = new Going(node.url, 'events', '-f', '-n', '0')
    const control = new Control(node.url)
    // Followed only once the first of them is printed.
    for (let count = 0; !going.printed.includes('MetaInstanceCreated'); count += 1) {
      await control.declare(TINY, { name: `before-${count}`, paused: true })
    }
    await restart()
    await going.prints(/The node is back/)
    await new Control(node.url).declare(TINY, { name: 'after', paused: true })
    await going.prints(/MetaInstanceCreated {2}after \(muster\/tiny\)/)
  })

  it('fetches a model with progress, through a connection that is cut', async () => {
    hub.add('org/fetched', { folder: tinyModel() })
    hub.cutNext('model.safetensors?', { afterBytes: 100_000 })
    const pulled = await muster({ url: node.url }, 'pull', 'org/fetched')
    expect(pulled).toMatchObject({ out: expect.stringMatching(/^org\/fetched is there: 7\d\d\.\d kB\.\n$/), code: 0 })
    expect(pulled.err).toMatch(/DOWNLOADING org\/fetched to /)
    // Once more is nothing to do.
    expect((await muster({ url: node.url }, 'pull', 'org/fetched')).code).toBe(0)
    expect(await muster({ url: node.url }, 'pull', 'org/none')).toMatchObject({ out: '', code: 4 })
  })
})
