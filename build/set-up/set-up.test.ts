import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setUp } from './set-up.mjs'
import type { Step } from './steps.mjs'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'muster-set-up-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Steps that note that they were done. */
const step = (id: Step['id'], done: string[], needs: readonly Step['id'][] = []): Step => ({
  id,
  needs,
  title: id,
  doing: 'making',
  stamp: path.join(folder, `${id}.stamp`),
  inputs: () => Promise.resolve('the same'),
  isThere: () => Promise.resolve(true),
  work: () => Promise.resolve(void done.push(id)),
  hint: 'try again',
})

const options = (lock: string) => ({ signal: new AbortController().signal, print: () => undefined, lock })

describe('the set-up', () => {
  it('does each step, and lets the next set-up in', async () => {
    const done: string[] = []
    for (const lock of ['lock', 'lock']) {
      const chains = [[step('node-packages', done), step('app', done, ['node-packages'])], [step('python', done)]]
      expect((await setUp(chains, options(path.join(folder, lock)))).size).toBe(0)
    }
    expect(done.sort()).toEqual(['app', 'node-packages', 'python'])
  })

  it('does nothing where nothing can be written, and hands on why: what was built before may still run', async () => {
    const done: string[] = []
    await writeFile(path.join(folder, 'file'), '')
    const problems = await setUp([[step('node-packages', done)]], options(path.join(folder, 'file', 'lock')))
    expect([...problems.keys()]).toEqual(['node-packages'])
    expect(done).toEqual([])
  })
})
