import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { State } from '@core/state/state'
import { temporaryFolder } from '../harness/headless-node'
import { cli, required, root } from '../harness/paths'

const scenario = (name: string): string => join(root, 'tests', 'scenarios', `${name}.json`)

const muster = async (args: readonly string[], stdin = '') => {
  const child = spawn(process.execPath, [required(cli, 'run `npm run build`'), 'simulate', ...args])
  child.stdin.end(stdin)
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { out, error, code: code as number | null }
}

describe('muster simulate', () => {
  let folder: { path: string; dispose(): void }
  beforeAll(() => {
    folder = temporaryFolder()
  })
  afterAll(() => folder.dispose())

  it('prints an event a line and the state last, the same bytes every time', async () => {
    const first = await muster([scenario('retry/exactly-at-the-limit')])
    expect(first).toMatchObject({ code: 0, error: '' })
    const lines = first.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const events = lines.slice(0, -1)
    expect(events.every(({ at, index, event }) => [at, index].every(Number.isInteger) && event !== undefined)).toBe(
      true,
    )
    expect(events.map(({ index }) => index)).toEqual(events.map((_event, at) => at + 1))
    const { finalState } = lines.at(-1) ?? {}
    expect(State.parse(finalState).metaInstances).toMatchObject({ chat: { replacements: 1 } })
    expect((await muster([scenario('retry/exactly-at-the-limit')])).out).toBe(first.out)
  })

  it('prints what is refused and goes on', async () => {
    const { out, code } = await muster([scenario('change/of-an-unknown-declaration')])
    expect(code).toBe(0)
    const refused = out
      .trimEnd()
      .split('\n')
      .flatMap((line) => (JSON.parse(line) as { refused?: { command: string; reason: string } }).refused ?? [])
    expect(refused.map(({ command }) => command)).toEqual([
      'updateMetaInstance',
      'restartMetaInstance',
      'deleteMetaInstance',
    ])
    expect(refused[0]?.reason).toContain('gone')
  })

  it('tells it as a story with --trace, also from standard input', async () => {
    const file = scenario('lifecycle/declared-until-ready')
    const { out, code } = await muster(['-', '--trace'], readFileSync(file, 'utf8'))
    expect(code).toBe(0)
    expect(out).toBe(readFileSync(file.replace('.json', '.txt'), 'utf8'))
  })

  const node = { at: 0, do: 'addNode', node: 'a' }
  it.each([
    ['an unknown step', { steps: [node, { at: 1, do: 'explode', node: 'a' }] }, /step 2/],
    ['a misspelt field', { steps: [{ ...node, ramtotal: 1 }] }, /step 1.*ramtotal/],
    ['a node that no step adds', { steps: [node, { at: 1, do: 'silence', node: 'b' }] }, /step 2.*\bb\b/],
    ['a link to nowhere', { steps: [node, { at: 1, do: 'connect', from: 'a', to: 'z', ip: '1.1.1.1' }] }, /step 2.*z/],
    ['a runner of nothing', { steps: [node, { at: 1, do: 'failRunner', metaInstance: 'x', node: 'a' }] }, /step 2.*x/],
    ['a task that never starts', { steps: [node, { at: 1, do: 'completeTask', id: 't' }] }, /step 2.*t/],
    ['a card of no model', { steps: [node, { at: 1, do: 'modelCard', modelId: 'm/x', mode: 'ok' }] }, /step 2.*m\/x/],
    ['an unknown field beside the steps', { steps: [node], untill: 5 }, /untill/],
  ])('refuses %s before anything happens, with exit code 2', async (_what, wrong, message) => {
    const path = join(folder.path, 'wrong.json')
    writeFileSync(path, JSON.stringify(wrong))
    const { out, error, code } = await muster([path])
    expect({ out, code }).toEqual({ out: '', code: 2 })
    expect(error).toMatch(message)
  })

  it.each([
    ['no JSON', () => writeFileSync(join(folder.path, 'x.json'), '{"steps":'), 'not JSON'],
    ['no file', () => rmSync(join(folder.path, 'x.json'), { force: true }), 'ENOENT'],
  ])('refuses %s with exit code 2', async (_what, prepare, message) => {
    prepare()
    const { error, code } = await muster([join(folder.path, 'x.json')])
    expect(code).toBe(2)
    expect(error).toContain(message)
  })

  it('makes random schedules, the same for the same seed', async () => {
    const args = ['--chaos', '--seed', '7', '--steps', '60', '--nodes', '4', '--as-scenario']
    const [first, again] = [await muster(args), await muster(args)]
    expect(first.code).toBe(0)
    expect(again.out).toBe(first.out)
    const replayed = await muster(['-'], first.out)
    expect(replayed.code).toBe(0)
  })

  it('says what is wrong with its flags', async () => {
    for (const args of [[], ['--chaos', '--seed', 'x'], ['--steps', '5'], [scenario('tasks/complete'), '--chaos']]) {
      const { code, error } = await muster(args)
      expect({ args, code }).toEqual({ args, code: 2 })
      expect(error).not.toBe('')
    }
  })
})
