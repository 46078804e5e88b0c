import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { muster, musterEnvironment, withoutWaiting } from '../harness/muster'
import { cli, root } from '../harness/paths'
import { musterInTerminal } from '../harness/terminal-session'

const hasFish = spawnSync('fish', ['--version']).status === 0

describe('what people do about a node from the command line', () => {
  const folder = temporaryFolder()
  let node: HeadlessNode
  let control: Control
  const run = (...args: string[]) => muster({ url: node.url }, ...args)
  const json = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await run(...args, '--json')).out) as Record<string, unknown>

  beforeAll(async () => {
    addTinyModel(folder.path)
    addTinyModel(folder.path, 'muster/other')
    addTinyModel(folder.path, 'muster/unused')
    node = await startHeadless({ dataDir: folder.path, args: ['--name', 'here'] })
    control = new Control(node.url)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('pauses, resumes, restarts and removes a declaration, by its name in any case', async () => {
    const { metaInstanceId: id } = await control.declare(TINY, { name: 'Chat' })
    expect(await json('pause', 'chat')).toMatchObject({ id, name: 'Chat', status: 'PAUSED' })
    expect(await run('run', 'chat', 'hello')).toMatchObject({
      err: expect.stringContaining('muster resume Chat'),
      code: 1,
    })
    expect(await json('resume', 'CHAT')).toMatchObject({ id, status: expect.not.stringMatching('PAUSED') })
    expect((await run('restart', id.slice(0, 8))).code).toBe(0)
    const { events } = await json('history', 'chat')
    expect((events as { event: object }[]).at(0)).toMatchObject({ event: { type: 'MetaInstanceCreated' } })
    // Nobody can be asked here.
    expect(await run('stop', 'chat')).toMatchObject({ err: expect.stringContaining('--yes'), code: 2 })
    expect(await json('stop', 'chat', '--yes')).toEqual({ id, modelId: TINY, stopped: true })
    expect((await run('stop', 'chat', '--yes')).code).toBe(4)
  })

  it('asks in a terminal before it removes what is declared', async () => {
    await control.declare(TINY, { name: 'kept' })
    for (const [answer, code] of [
      ['n', 1],
      ['y', 0],
    ] as const) {
      const terminal = musterInTerminal({ url: node.url }, 'stop', 'kept')
      await terminal.shows(/Remove the declaration\? \[y\/N\]/)
      terminal.type(`${answer}\r`)
      expect(await terminal.exited).toBe(code)
    }
    expect(await json('ps')).toEqual({ declarations: [] })
  })

  it('shows a model, with what is declared of it', async () => {
    const { metaInstanceId: id } = await control.declare(TINY, { name: 'shown', paused: true })
    const { out } = await run('show', 'tiny')
    expect(out).toMatch(/Architecture +qwen2/)
    expect(out).toMatch(/shown +PAUSED/)
    expect(await json('show', 'shown')).toMatchObject({ modelId: TINY, declarations: [{ id, status: 'PAUSED' }] })
    expect((await run('stop', 'shown', '--yes')).code).toBe(0)
  })

  it('deletes a model and says how many bytes that freed', async () => {
    const place = join(folder.path, 'models', 'muster', 'other')
    const { freedBytes, failed } = await json('rm', 'other', '--yes')
    expect([freedBytes, failed, existsSync(place)]).toEqual([expect.any(Number), [], false])
    expect(freedBytes).toBeGreaterThan(700_000)
    expect((await run('rm', 'other', '--yes')).code).toBe(4)
  })

  it('shows machines and requests, once where nobody watches', async () => {
    expect(await run('top')).toMatchObject({ out: expect.stringMatching(/^0 requests under way/) as string, code: 0 })
    expect(await json('top', '--once')).toMatchObject({ running: 0, machines: [{ name: 'here', connected: true }] })
  })

  it.each([
    ['a pipe that its reader closes is no failure', '| head -1; echo ${PIPESTATUS[0]}', /^\{.*\n0\n$/, /^$/],
    ['a full disk is told in words', '> /dev/full; echo $?', /^1\n$/, /The output cannot be written: ENOSPC/],
  ])('ends when its output ends: %s', (_what, end, out, err) => {
    const command = `"${process.execPath}" "${cli}" top --json ${end}`
    const env = musterEnvironment({ url: node.url })
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { env, encoding: 'utf8' })
    expect(stdout).toMatch(out)
    expect(withoutWaiting(stderr)).toMatch(err)
  })

  it('says at once what is no invitation and no address', async () => {
    for (const text of ['muster1.cut', 'muster studio'])
      expect(await run('join', text)).toMatchObject({ err: expect.stringContaining('muster invite'), code: 1 })
  })

  it('cannot leave a cluster that has no other machine, and goes on', async () => {
    expect(await run('leave')).toMatchObject({ err: expect.stringContaining('muster join') as string, code: 1 })
    const refused = await control.request(`/members/${node.nodeId}`, { method: 'DELETE' })
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain('only machine')
    expect(await json('nodes')).toMatchObject({ nodes: [{ nodeId: node.nodeId, state: 'this' }] })
  })

  it('says by its name what cannot be measured, and that a console is empty', async () => {
    await control.declare(TINY, { name: 'measured', paused: true })
    const refused = { err: expect.stringContaining('measured is not ready') as string, code: 1 }
    expect(await run('bench', 'measured')).toMatchObject(refused)
    expect(await run('resume', 'measured')).toMatchObject({ code: 0 })
    expect(await run('wait', 'measured', '--timeout', '240')).toMatchObject({ code: 0 })
    expect(await run('console', 'measured')).toMatchObject({
      out: '',
      err: expect.stringContaining('nothing'),
      code: 0,
    })
    expect((await run('stop', 'measured', '--yes')).code).toBe(0)
  })

  it('lists the machine', async () => {
    expect(await json('nodes')).toMatchObject({
      nodes: [{ nodeId: node.nodeId, name: 'here', state: 'this', master: true }],
    })
    const narrow = musterInTerminal({ url: node.url, columns: 50 }, 'nodes')
    await narrow.shows(/here/)
    expect(await narrow.exited).toBe(0)
    const lines = stripVTControlCharacters(narrow.screen()).split('\r\n')
    expect(lines[1]).toContain('here')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(50)
    const wide = musterInTerminal({ url: node.url, columns: 160 }, 'nodes')
    await wide.shows(/\d+\.\d+\.\d+/)
    expect(await wide.exited).toBe(0)
    expect(stripVTControlCharacters(wide.screen())).toMatch(/VERSION[^]*\d+\.\d+\.\d+/)
  })

  it('makes a key with limits, lists it without the key, and revokes it', async () => {
    const { out } = await run('key', 'create', 'editor', '--requests-per-minute', '60')
    expect(out).toMatch(/^mst_\S+\n$/)
    const listed = await run('key', 'list')
    expect(listed.out).toContain('60 requests/min')
    expect(listed.out).not.toContain(out.trim())
    expect((await run('key', 'revoke', 'editor', '--yes')).code).toBe(0)
    expect((await run('key', 'revoke', 'editor', '--yes')).code).toBe(4)
  })

  it('starts a tool with this cluster in its environment, and ends as it does', async () => {
    await control.declare(TINY, { name: 'coder' })
    const bin = join(folder.path, 'bin')
    execFileSync('mkdir', ['-p', bin])
    const tool = join(bin, 'claude')
    writeFileSync(
      tool,
      '#!/bin/sh\necho "$ANTHROPIC_BASE_URL $ANTHROPIC_MODEL ${ANTHROPIC_API_KEY-unset} $*"\nexit 7\n',
    )
    chmodSync(tool, 0o755)
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, ANTHROPIC_API_KEY: 'elsewhere' }
    const started = await muster(
      { url: node.url, env },
      'launch',
      'claude',
      '--model',
      'CODER',
      '--',
      '-p',
      'two words',
    )
    expect(started).toEqual({ out: `${node.url} coder unset -p two words\n`, err: '', code: 7 })
    const printed = await run('launch', 'codex', '--model', 'coder', '--print')
    expect(printed.out).toContain(`model_providers.muster.base_url="${node.url}/v1"`)
    const missing = await muster({ url: node.url, env: { PATH: bin } }, 'launch', 'opencode', '--model', 'coder')
    expect(missing).toMatchObject({ err: expect.stringContaining('Install opencode'), code: 127 })
    expect((await run('launch', 'nano')).code).toBe(2)
    expect((await run('stop', 'coder', '--yes')).code).toBe(0)
  })

  describe('completion', () => {
    let env: NodeJS.ProcessEnv
    beforeAll(async () => {
      const shim = join(folder.path, 'muster')
      writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`)
      chmodSync(shim, 0o755)
      const PATH = `${folder.path}:${process.env['PATH'] ?? ''}`
      env = { ...musterEnvironment({ url: node.url }), PATH, HOME: folder.path }
      await control.declare(TINY, { name: 'completed', paused: true })
      expect((await run('key', 'create', 'my laptop; at home')).code).toBe(0)
    })
    afterAll(async () => {
      expect((await run('stop', 'completed', '--yes')).code).toBe(0)
      expect((await run('key', 'revoke', 'my laptop; at home', '--yes')).code).toBe(0)
    })

    it('in bash knows commands, and names that only the node knows, quoted', () => {
      const script = [
        'source <(muster completion bash)',
        'complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _muster; echo "${COMPREPLY[@]}"; }',
        'complete_words muster resta',
        'complete_words muster resume comp',
        String.raw`complete_words muster key revoke 'my\ lap'`,
      ].join('\n')
      const out = execFileSync('bash', ['-c', script], { env, encoding: 'utf8' })
      expect(out).toBe('restart\ncompleted\nmy\\ laptop\\;\\ at\\ home\n')
    })

    it.skipIf(!existsSync('/bin/zsh'))('in zsh needs no configuration, and completes in the line that is typed', () => {
      const script = join(root, 'tests', 'harness', 'type-in.zsh')
      const typed = ['muster resta', 'restart', String.raw`muster key revoke my\ lap`, String.raw`laptop\;\ at\ home`]
      const out = execFileSync('/bin/zsh', ['-f', script, ...typed], { env, encoding: 'utf8' })
      expect(out.split('\n')).toEqual(['sourced', typed[1], 'sourced', typed[3], ''])
    })

    it.skipIf(!hasFish)('in fish offers names alone where the node knows some, and files elsewhere', () => {
      const typed = ['muster resta', 'muster resume comp', String.raw`muster key revoke my\ lap`, 'muster apply -f mus']
      const script = [
        'muster completion fish | source',
        'cd $HOME',
        ...typed.map((line) => `complete -C '${line.replaceAll('\\', '\\\\')}'`),
      ].join('\n')
      const out = execFileSync('fish', ['--no-config', '-c', script], { env, encoding: 'utf8' })
      expect(out).toBe('restart\ncompleted\nmy laptop; at home\nmuster\n')
    })
  })

  it('prints the address of the app, and what happened lately', async () => {
    expect(await json('open')).toEqual({ url: `${node.url}/` })
    const { out } = await run('events', '-n', '3', '--json')
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toHaveLength(3)
    expect((await run('events', '-n', '0')).out).toBe('')
  })

  it('lists the models that nothing uses, and deletes them all, after asking', async () => {
    await control.declare(TINY, { name: 'in use', paused: true })
    const unused = { modelId: 'muster/unused', nodeId: node.nodeId, bytes: expect.any(Number) as number }
    expect(await json('ls', '--unused')).toEqual({ models: [unused], bytes: expect.any(Number) })
    expect(await run('rm', '--unused')).toMatchObject({ err: expect.stringContaining('muster/unused'), code: 2 })
    expect(await run('rm', '--unused', '--on', 'here')).toMatchObject({ code: 2 })
    const place = join(folder.path, 'models', 'muster', 'unused')
    expect(existsSync(place)).toBe(true)
    const { removed, freedBytes } = await json('rm', '--unused', '--yes')
    expect([removed, existsSync(place)]).toEqual([[unused], false])
    expect(freedBytes).toBeGreaterThan(700_000)
    expect(await json('ls', '--unused')).toEqual({ models: [], bytes: 0 })
    expect(await json('ls')).toMatchObject({ models: [{ modelId: TINY }] })
  })
})
