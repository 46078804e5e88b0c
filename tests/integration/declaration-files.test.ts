import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WarningsResponse } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { muster } from '../harness/muster'

const written = (name: string, rest = ''): string => `name: ${name}\nmodelId: ${TINY}\npaused: true\n${rest}`

describe('declarations as files', () => {
  const folder = temporaryFolder()
  const files = temporaryFolder()
  const watched = join(files.path, 'watched')
  let node: HeadlessNode
  let control: Control
  const run = (...args: string[]) => muster({ url: node.url }, ...args)
  const file = (name: string, text: string): string => {
    const place = join(files.path, name)
    writeFileSync(place, text)
    return place
  }
  const names = async () => Object.values((await control.state()).metaInstances).map(({ name }) => name)

  beforeAll(async () => {
    addTinyModel(folder.path)
    mkdirSync(watched)
    node = await startHeadless({ dataDir: folder.path, args: ['--name', 'here', '--declarations', watched] })
    control = new Control(node.url)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
    files.dispose()
  })

  it('are compared, applied, applied again without a change, and waited for', async () => {
    const place = file('chat.yaml', `# ours\n${written('chat', 'machines: [here]\nlabels: { team: a }\n')}`)
    expect(await run('diff', '-f', place)).toMatchObject({ out: expect.stringContaining('+ modelId:'), code: 1 })
    expect(await names()).toEqual([])
    expect(await run('apply', '-f', place, '--dry-run')).toMatchObject({ out: 'chat: declared (dry run)\n', code: 0 })
    expect(await names()).toEqual([])
    expect(await run('apply', '-f', place)).toMatchObject({ out: 'chat: declared\n', code: 0 })
    expect(await run('apply', '-f', place)).toMatchObject({ out: 'chat: unchanged\n', code: 0 })
    expect(await run('diff', '-f', place)).toMatchObject({ out: '', code: 0 })
    const resting = { err: expect.stringContaining('chat is PAUSED') as string }
    expect(await run('wait', '-f', place)).toMatchObject({ ...resting, code: 0 })
    expect(await run('wait', 'chat')).toMatchObject({ ...resting, code: 1 })
    expect(await run('resume', 'chat')).toMatchObject({ code: 0 })
    expect(await run('wait', 'chat', '--timeout', '240')).toMatchObject({ code: 0 })
    expect(await run('apply', '-f', place)).toMatchObject({ out: 'chat: changed\n', code: 0 })
    expect(await run('get', 'chat')).toMatchObject({ out: expect.stringContaining('machines:\n  - here\n') as string })
  })

  it('are refused whole, by line and column, and nothing of such a file is carried out', async () => {
    const place = file('bad.yaml', `${written('one')}---\n${written('two', 'max_context: 1\n')}`)
    expect(await run('apply', '-f', place)).toMatchObject({
      err: expect.stringMatching(/bad\.yaml:8:1: max_context .*did you mean maxContext/) as string,
      code: 2,
    })
    const clash = file('clash.yaml', `${written('three')}---\n${written(TINY)}`)
    expect(await run('diff', '-f', clash)).toMatchObject({ code: 2 })
    expect(await run('apply', '-f', clash)).toMatchObject({ err: expect.stringContaining('clash.yaml'), code: 1 })
    expect(await names()).toEqual(['chat'])
  })

  it('are pruned by a label, brought up to date with their comments, and deleted', async () => {
    const place = file('new.yaml', `# new\n${written('new', 'maxContext: 512 # small\nlabels: { team: a }\n')}`)
    expect(await run('apply', '-f', place, '--prune')).toMatchObject({ code: 2 })
    expect(await run('apply', '-f', place, '--prune', '-l', 'team=a')).toMatchObject({
      out: 'new: declared\nchat: removed\n',
      code: 0,
    })
    const [known] = Object.values((await control.state()).metaInstances)
    if (!known) throw new Error('nothing is declared')
    await control.request(`/meta_instance/${known.metaInstanceId}`, { method: 'PATCH', json: { maxContext: 1024 } })
    expect(await run('get', '-f', place, '--write')).toMatchObject({ code: 0 })
    expect(readFileSync(place, 'utf8')).toMatch(/^# new\n[^]*maxContext: 1024 # small\n/)
    const { out } = await run('get', '-f', place, '--json')
    expect(JSON.parse(out)).toMatchObject([{ name: 'new', maxContext: 1024, labels: { team: 'a' } }])
    const rehearsed = await run('delete', '-f', place, '--dry-run')
    expect(rehearsed).toMatchObject({ out: 'new: removed (dry run)\n', code: 0 })
    expect(await names()).toEqual(['new'])
    expect(await run('delete', '-f', place, '--yes')).toMatchObject({ out: 'new: removed\n', code: 0 })
    expect(await run('wait', '--for', 'deleted', '-f', place)).toMatchObject({ code: 0 })
  })

  it('keep their place, their rights and their link when they are brought up to date', async () => {
    const place = file('linked.yaml', written('linked', 'maxContext: 512\n'))
    const link = join(dirname(place), 'link.yaml')
    chmodSync(place, 0o664)
    symlinkSync(place, link)
    expect(await run('apply', '-f', place)).toMatchObject({ code: 0 })
    writeFileSync(place, written('linked', 'maxContext: 256\n'))
    expect(await run('get', '-f', link, '--write')).toMatchObject({ code: 0 })
    expect(readFileSync(place, 'utf8')).toContain('maxContext: 512')
    expect([lstatSync(link).isSymbolicLink(), statSync(place).mode & 0o777]).toEqual([true, 0o664])
    expect(await run('delete', '-f', place, '--yes')).toMatchObject({ code: 0 })
  })

  it.each(['-', watched])('are brought up to date one by one, not as %s', async (place) => {
    expect(await run('get', '-f', place)).toMatchObject({ err: expect.stringContaining('one file') as string, code: 2 })
  })

  it('in a watched folder are kept declared; a file that is wrong removes nothing', async () => {
    const place = join(watched, 'models.yaml')
    writeFileSync(place, `${written('a')}---\n${written('b')}`)
    await control.until('both are declared', ({ metaInstances }) => Object.keys(metaInstances).length === 2)
    writeFileSync(place, `${written('a')}---\nname: b\n`)
    writeFileSync(join(watched, 'more.yaml'), written('c'))
    await control.until('the sound file is carried out', ({ metaInstances }) => Object.keys(metaInstances).length === 3)
    expect((await names()).sort()).toEqual(['a', 'b', 'c'])
    rmSync(place)
    await control.until('what no file has is gone', ({ metaInstances }) => Object.keys(metaInstances).length === 1)
    expect(await names()).toEqual(['c'])
  })

  it('in a watched folder are a warning and a finding of the doctor while they are wrong', async () => {
    const warned = async () => WarningsResponse.parse(await (await control.request('/warnings')).json()).warnings
    const place = join(watched, 'broken.yaml')
    const bad = () => writeFileSync(place, written('d', 'max_context: 1\n'))
    const reported = 'the machine reports the fault'
    // The report about a file of the test before may still stand.
    const isReported = ({ nodes }: State): boolean =>
      nodes[node.nodeId]?.declarationFaults?.faults.some((fault) => fault.file === 'broken.yaml') === true
    bad()
    await control.until(reported, isReported)
    expect(await warned()).toMatchObject([
      {
        code: 'declaration-files',
        nodeIds: [node.nodeId],
        cause: expect.stringContaining('broken.yaml:4:1: max_context'),
      },
    ])
    const found = await run('doctor')
    expect(found).toMatchObject({ out: expect.stringContaining('broken.yaml:4:1: max_context') as string, code: 1 })
    expect(found.out).toContain('Warning: Not all declaration files on here are applied.')
    writeFileSync(place, written('d'))
    const mended = 'the machine reports no fault'
    await control.until(mended, ({ nodes }) => nodes[node.nodeId]?.declarationFaults === undefined)
    expect((await names()).sort()).toEqual(['c', 'd'])
    expect(await run('doctor')).toMatchObject({ out: 'Nothing is wrong.\n', code: 0 })
    bad()
    await control.until(reported, isReported)
    rmSync(place)
    await control.until(mended, ({ nodes }) => nodes[node.nodeId]?.declarationFaults === undefined)
    expect(await warned()).toEqual([])
  })
})
