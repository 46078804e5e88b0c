import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { faultText } from '@core/state/declaration-faults'
import { DeclarationFolder, type Applied } from './folder'

const SOUND = 'name: chat\nmodelId: maker/chat\n'

let place: string
let folder: DeclarationFolder | undefined
/** Reasons of the master, by a declaration's name. */
const refused = new Map<string, string>()
const applied: Applied[] = []

const write = (name: string, text: string): void => writeFileSync(path.join(place, name), text)
const faults = (): string[] | undefined => folder?.faults()?.faults.map(faultText)
const open = () => {
  const onFaults = vi.fn()
  folder = new DeclarationFolder({
    folder: place,
    apply: (wanted) => {
      applied.push(wanted)
      const [reason] = wanted.documents.flatMap(({ name }) => refused.get(name) ?? [])
      return Promise.resolve(reason)
    },
    onFaults,
    log: pino({ level: 'silent' }),
  })
  return onFaults
}
const until = (expected: string[] | undefined) => vi.waitFor(() => expect(faults()).toEqual(expected), 30_000)
const untilPruned = () => vi.waitFor(() => expect(applied.at(-1)?.prune).toBeDefined(), 30_000)

beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'muster-folder-'))
  refused.clear()
  applied.length = 0
})
afterEach(async () => {
  await folder?.close()
  rmSync(place, { recursive: true, force: true })
})

describe('what a watched folder keeps declared', () => {
  const kept = () => applied.at(-1)?.prune?.keep
  let elsewhere: string

  beforeEach(() => {
    elsewhere = mkdtempSync(path.join(tmpdir(), 'muster-elsewhere-'))
  })
  afterEach(() => rmSync(elsewhere, { recursive: true, force: true }))

  const writeElsewhere = (name: string, text: string): string => {
    const file = path.join(elsewhere, name)
    writeFileSync(file, text)
    return file
  }
  const link = (name: string, target: string): void => symlinkSync(target, path.join(place, name))

  it('is in files behind links too, as a mounted configuration or a manager of dotfiles makes them', async () => {
    mkdirSync(path.join(place, '..2026'))
    write('..2026/chat.yaml', SOUND)
    link('..data', '..2026')
    link('chat.yaml', path.join('..data', 'chat.yaml'))
    link('more', elsewhere)
    writeElsewhere('code.yaml', 'name: code\nmodelId: maker/code\n')
    open()
    await untilPruned()
    expect(kept()).toEqual(['chat', 'code'])
    expect(faults()).toBeUndefined()
  })

  it('is read once where links lead to it too, or in a circle', async () => {
    write('v2.yaml', SOUND)
    link('current.yaml', 'v2.yaml')
    link('round', place)
    open()
    await untilPruned()
    expect(kept()).toEqual(['chat'])
    expect(faults()).toBeUndefined()
  })

  it('stays declared while a link leads nowhere, which is reported', async () => {
    write('chat.yaml', SOUND)
    link('code.yaml', path.join(elsewhere, 'code.yaml'))
    open()
    await until(['code.yaml:1:1: cannot be read (ENOENT)'])
    expect(applied.filter(({ prune }) => prune)).toEqual([])
    writeElsewhere('code.yaml', 'name: code\nmodelId: maker/code\n')
    write('another-file.txt', 'wakes the watcher')
    await until(undefined)
    expect(kept()).toEqual(['chat', 'code'])
  })

  it('stays declared while a folder that a link leads to is away, as on a disk that is not mounted', async () => {
    write('chat.yaml', SOUND)
    link('team', path.join(elsewhere, 'team'))
    open()
    await until(['team:1:1: cannot be read (ENOENT)'])
    expect(applied.filter(({ prune }) => prune)).toEqual([])
    mkdirSync(path.join(elsewhere, 'mounting'))
    writeElsewhere(path.join('mounting', 'code.yaml'), 'name: code\nmodelId: maker/code\n')
    renameSync(path.join(elsewhere, 'mounting'), path.join(elsewhere, 'team'))
    write('another-file.txt', 'wakes the watcher')
    await until(undefined)
    expect(kept()).toEqual(['chat', 'code'])
  })
})

describe('what a watched folder reports', () => {
  it('is nothing where every file is applied', async () => {
    write('chat.yaml', SOUND)
    const onFaults = open()
    await untilPruned()
    expect(faults()).toBeUndefined()
    expect(onFaults).not.toHaveBeenCalled()
  })

  it('is each fault by file, line and column, until the file is corrected', async () => {
    write('chat.yaml', `${SOUND}max_context: 1\n`)
    const onFaults = open()
    await until([expect.stringMatching(/^chat\.yaml:3:1: max_context is not a field/) as string])
    expect(onFaults).toHaveBeenCalledTimes(1)
    write('chat.yaml', SOUND)
    await until(undefined)
    expect(onFaults).toHaveBeenCalledTimes(2)
  })

  it('is nothing any more once the file is removed', async () => {
    write('bad.yaml', 'name: [')
    open()
    await vi.waitFor(() => expect(faults()?.[0]).toMatch(/^bad\.yaml:\d+:\d+: /), 30_000)
    rmSync(path.join(place, 'bad.yaml'))
    await until(undefined)
  })

  it('is a refusal of the master until its reason has ended, without a change of the file', async () => {
    refused.set('chat', 'the name chat is taken')
    write('chat.yaml', SOUND)
    open()
    await until(['chat.yaml: the name chat is taken'])
    expect(applied.filter(({ prune }) => prune)).toEqual([])
    refused.clear()
    write('another-file.txt', 'wakes the watcher')
    await until(undefined)
    expect(applied.at(-1)?.prune?.keep).toEqual(['chat'])
  })

  it('is that the folder cannot be read, where it cannot', async () => {
    rmSync(place, { recursive: true })
    open()
    await until(['cannot be read (ENOENT)'])
  })
})
