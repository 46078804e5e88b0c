import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SetUpProblem } from './problem.mjs'
import { fingerprint } from './stamps.mjs'
import { runStep, type Step } from './steps.mjs'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'muster-steps-'))
})
afterEach(() => rm(folder, { recursive: true }))

const { signal } = new AbortController()
const lines: string[] = []
const print = (line: string) => lines.push(line)
afterEach(() => {
  lines.length = 0
})

/** A step that counts its runs. */
function counted(overrides: Partial<Step> = {}): { step: Step; times: () => number } {
  let times = 0
  const step: Step = {
    id: 'app',
    needs: [],
    title: 'The app',
    doing: 'building',
    stamp: path.join(folder, 'stamp'),
    inputs: () => fingerprint({ files: [path.join(folder, 'sources')] }),
    isThere: async () => true,
    hint: 'Mend the sources.',
    work: async () => {
      times += 1
    },
    ...overrides,
  }
  return { step, times: () => times }
}

describe('a step of the set-up', () => {
  it('is done once for the same inputs, and again when they change', async () => {
    const { step, times } = counted()
    expect(await runStep(step, { print, signal })).toBe('done')
    expect(await runStep(step, { print, signal })).toBe('unchanged')
    await writeFile(path.join(folder, 'sources'), 'new')
    expect(await runStep(step, { print, signal })).toBe('done')
    expect(times()).toBe(2)
  })

  it('is done again if its result is gone', async () => {
    await runStep(counted().step, { print, signal })
    const { step, times } = counted({ isThere: async () => false })
    expect(await runStep(step, { print, signal })).toBe('done')
    expect(times()).toBe(1)
  })

  it('counts as not done after an interruption, even if an older result had its stamp', async () => {
    await runStep(counted().step, { print, signal })
    const interrupted = counted({
      isThere: async () => false,
      work: () => Promise.reject(new Error('the power went')),
    })
    await expect(runStep(interrupted.step, { print, signal })).rejects.toThrow('the power went')
    const { step, times } = counted()
    await runStep(step, { print, signal })
    expect(times()).toBe(1)
  })

  it('says what to do when it fails', async () => {
    const { step } = counted({ work: () => Promise.reject(new Error('no such file')) })
    await expect(runStep(step, { print, signal })).rejects.toMatchObject({
      message: 'The app: no such file',
      hint: 'Mend the sources.',
    })
  })

  it('passes on a problem that has its own hint', async () => {
    const problem = new SetUpProblem({ message: 'no Python', hint: 'Install one.' })
    await expect(runStep(counted({ work: () => Promise.reject(problem) }).step, { print, signal })).rejects.toBe(
      problem,
    )
  })

  it('reports its start and its duration', async () => {
    let time = 0
    const { step } = counted({
      work: async () => {
        time = 12_340
      },
    })
    await runStep(step, { print, signal, now: () => time })
    expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      'The app building …',
      'The app done in 12.3 s',
    ])
  })
})

describe('a fingerprint', () => {
  it('changes with a file’s content, its name, and a file that appears in a folder', async () => {
    const inputs = { files: [folder] }
    const seen = new Set([await fingerprint(inputs)])
    await writeFile(path.join(folder, 'a'), '1')
    seen.add(await fingerprint(inputs))
    await writeFile(path.join(folder, 'a'), '2')
    seen.add(await fingerprint(inputs))
    await rm(path.join(folder, 'a'))
    await writeFile(path.join(folder, 'b'), '2')
    seen.add(await fingerprint(inputs))
    expect(seen.size).toBe(4)
    expect(await fingerprint(inputs)).toBe(await fingerprint(inputs))
  })

  it('changes with a value, and distinguishes a missing file from an empty one', async () => {
    const file = path.join(folder, 'empty')
    const missing = await fingerprint({ files: [file] })
    await writeFile(file, '')
    expect(await fingerprint({ files: [file] })).not.toBe(missing)
    expect(await fingerprint({ values: ['a'] })).not.toBe(await fingerprint({ values: ['b'] }))
  })
})
