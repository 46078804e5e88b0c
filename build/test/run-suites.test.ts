import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runSuites } from './run-suites.mjs'
import { countChecks } from './counts.mjs'
import type { Suite } from './suites.mjs'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'muster-suites-'))
})
afterEach(() => rm(folder, { recursive: true }))

const saying = (name: string, script: string): Suite => ({
  name: `trial-${name}`,
  title: name,
  needs: [],
  commands: () => [[process.execPath, '-e', script]],
  count: countChecks,
})

const run = async (suites: Suite[]) => {
  let output = ''
  const outcomes = await runSuites(suites, {
    args: [],
    env: process.env,
    signal: new AbortController().signal,
    write: (text) => {
      output += text
    },
  })
  return { output, outcomes }
}

describe('running suites', () => {
  it('prints the output of each in one piece and in order, whichever ends first', async () => {
    const mark = path.join(folder, 'second-has-spoken')
    const first = saying(
      'first',
      `console.log('one'); setInterval(() => { if (require('fs').existsSync('${mark}')) { console.log('two'); process.exit() } }, 5)`,
    )
    const second = saying('second', `console.log('three'); require('fs').writeFileSync('${mark}', '')`)
    const { output } = await run([first, second, saying('third', `console.log('four')`)])
    const said = output.split('\n').filter((line) => line !== '' && !line.startsWith('──'))
    expect(said).toEqual(['one', 'two', 'three', 'four'])
    expect(output.match(/^── (first|second|third) ─/gm)).toHaveLength(3)
  })

  it('continues after a failure, and counts it', async () => {
    const { outcomes } = await run([saying('bad', 'console.log("why"); process.exit(3)'), saying('good', '')])
    expect(outcomes.map(({ failures }) => failures.map(({ message }) => message))).toEqual([['why'], []])
    expect(outcomes.map(({ counts }) => counts)).toEqual([
      { passed: 0, failed: 1, skipped: 0 },
      { passed: 1, failed: 0, skipped: 0 },
    ])
  })

  it('counts a suite whose program is missing as failed', async () => {
    const absent: Suite = { ...saying('absent', ''), commands: () => [['/no/such/program']] }
    const { output, outcomes } = await run([absent])
    expect(outcomes[0]?.counts.failed).toBe(1)
    expect(output).toContain('ENOENT')
  })
})
