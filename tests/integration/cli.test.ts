import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { muster, musterEnvironment } from '../harness/muster'
import { cli, required } from '../harness/paths'

describe('the command line, run by a script', () => {
  const folder = temporaryFolder()
  let node: HeadlessNode
  let control: Control
  const run = (...args: string[]) => muster({ url: node.url }, ...args)

  beforeAll(async () => {
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('says that nothing is declared, and what to do, on standard error', async () => {
    expect(await run('ps')).toMatchObject({ out: '', err: expect.stringMatching(/muster run MODEL/), code: 0 })
    expect(await run('ps', '--json')).toMatchObject({ out: '{"declarations":[]}\n', err: '', code: 0 })
  })

  it('lists the models on disks, with sizes and machines', async () => {
    const table = await run('ls')
    expect(table).toMatchObject({ err: '', code: 0 })
    expect(table.out).toMatch(/^MODEL +SIZE +FORMAT +ON +STATE\nmuster\/tiny +7\d\d\.\d kB +float32 +\S/)
    expect(JSON.parse((await run('ls', '--json')).out)).toMatchObject({
      models: [{ modelId: TINY, kind: 'text', machines: [{ nodeId: node.nodeId, complete: true }], statuses: [] }],
    })
  })

  it('loads a model to ask it, tells of that on standard error, and prints the answer alone', async () => {
    const { out, err, code } = await run('run', 'tiny', 'Hello', '--max-tokens', '8', '--temperature', '0')
    expect(code).toBe(0)
    expect(err).toMatch(/^(CONNECTING|LOADING|PLACING)/)
    expect(out).toMatch(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]+\n$/)
    // The same question to the same model, as the API answers it.
    const asked = await control.request('/v1/chat/completions', {
      method: 'POST',
      json: { model: TINY, max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }] },
    })
    expect(asked.status).toBe(200)
    const { declarations } = JSON.parse((await run('ps', '--json')).out) as { declarations: object[] }
    expect(declarations).toMatchObject([{ modelId: TINY, status: 'READY', lifetime: 'on-request' }])
  })

  it('takes the question from standard input, behind what is given as an argument', async () => {
    const { out, code } = await muster(
      { url: node.url, input: 'the text' },
      ...['run', TINY, '--max-tokens', '4', '--temperature', '0', '--json'],
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ finishReason: 'length', completionTokens: 4 })
    const empty = await muster({ url: node.url, input: ' \n' }, 'run', TINY)
    expect(empty).toMatchObject({ out: '', err: expect.stringContaining('There is no prompt'), code: 2 })
  })

  it('keeps a model that is asked for with --keep', async () => {
    expect((await run('run', '--keep', 'tiny', 'Hello', '--max-tokens', '2')).code).toBe(0)
    const { declarations } = JSON.parse((await run('ps', '--json')).out) as { declarations: object[] }
    expect(declarations).toMatchObject([{ modelId: TINY, lifetime: 'always' }])
  })

  it('tells scripts what went wrong by how it ends', async () => {
    expect(await run('run', 'nothing', 'Hello')).toMatchObject({ out: '', code: 4 })
    expect((await run('ps', '--url', 'ftp://x')).code).toBe(2)
    expect((await run('run')).code).toBe(2)
    expect((await run('frobnicate')).code).toBe(2)
    const gone = await muster({ url: 'http://127.0.0.1:1' }, 'ps')
    expect(gone).toMatchObject({ out: '', err: expect.stringContaining('muster serve'), code: 3 })
  })

  it('tells scripts in JSON what went wrong, on the last line of standard error', async () => {
    const failed = async (...args: string[]): Promise<unknown> => {
      const { out, err, code } = await run(...args, '--json')
      expect(out).toBe('')
      return { code, ...(JSON.parse(err.trimEnd().split('\n').at(-1) ?? '') as object) }
    }
    expect(await failed('run', 'nothing', 'Hello')).toMatchObject({ code: 4, error: { code: 'not_found' } })
    expect(await failed('wait', 'nothing', '--timeout', '1')).toMatchObject({ code: 3, error: { code: 'timed_out' } })
    // The node's own code.
    expect(await failed('join', 'muster1.nonsense')).toMatchObject({
      code: 1,
      error: { code: 'token_unreadable', message: expect.any(String) as string },
    })
  })

  it('says where it was started where that folder is gone, and needs it for nothing but paths that start there', () => {
    const lost = join(folder.path, 'lost')
    const program = required(cli, 'run `npm run build`')
    const started = (...args: string[]) => {
      mkdirSync(lost)
      const script = 'cd "$0" && rmdir "$0" && exec "$@"'
      const env = musterEnvironment({ url: node.url })
      const { stderr, status } = spawnSync('bash', ['-c', script, lost, process.execPath, program, ...args], {
        ...{ cwd: folder.path, env, encoding: 'utf8' },
      })
      return { stderr, status }
    }
    expect(started('serve', '--data-dir', 'data')).toEqual({
      stderr: expect.stringMatching(
        /^The folder that this was started in cannot be found[^\n]*\nChange[^\n]*\n$/,
      ) as string,
      status: 1,
    })
    expect(started('ps')).toMatchObject({ status: 0 })
  })
})
