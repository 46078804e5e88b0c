import { describe, expect, it } from 'vitest'
import { buildProgram } from '../program'
import { candidates, type LookUp } from './candidates'

const NAMES: LookUp = (kind) =>
  Promise.resolve(
    {
      declarations: ['chat', 'coder'],
      models: ['org/model', 'two words; or more', 'a\u001b[2Jb'],
      machines: ['studio'],
      keys: ['editor'],
    }[kind],
  )

const complete = (...words: string[]) =>
  candidates(
    buildProgram(() => undefined),
    words,
    NAMES,
  )

describe('completion', () => {
  it('gives commands, and those of a command', async () => {
    expect(await complete('p')).toEqual(['pause', 'ps', 'pull'])
    expect(await complete('key', '')).toEqual(['create', 'help', 'list', 'revoke'])
  })

  it('gives what a node knows: declarations, models, machines, keys', async () => {
    expect(await complete('stop', 'c')).toEqual(['chat', 'coder'])
    expect(await complete('run', '--keep', 'o')).toEqual(['org/model'])
    expect(await complete('pull', 'org/model', '--on', '')).toEqual(['studio'])
    expect(await complete('key', 'revoke', '')).toEqual(['editor'])
  })

  it('gives options and their choices', async () => {
    expect(await complete('ps', '--j')).toEqual(['--json'])
    expect(await complete('launch', 'c')).toEqual(['claude', 'codex'])
    expect(await complete('serve', '--load-on-request', '')).toEqual(['auto', 'off', 'on'])
  })

  it('gives names of several words as they are, for the shells to quote, and none with control characters', async () => {
    expect(await complete('run', 'two')).toEqual(['two words; or more'])
    expect(await complete('run', 'a')).toEqual([])
  })

  it('gives nothing after the last argument', async () => {
    expect(await complete('stop', 'chat', '')).toEqual([])
    expect(await complete('nonsense', '')).toEqual([])
  })
})
