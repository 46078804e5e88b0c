import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { countVitest, parseJUnit, parsePlaywright, parseVitest } from './counts.mjs'

describe('counting the results of test runners', () => {
  it('reads the report of vitest', () => {
    const report = { numTotalTests: 12, numPassedTests: 9, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 }
    expect(parseVitest(JSON.stringify(report))).toEqual({ passed: 9, failed: 1, skipped: 2 })
  })

  it('reads the report of pytest, where an error in a fixture is a failure', () => {
    const report =
      '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1"></testsuite></testsuites>'
    expect(parseJUnit(report)).toEqual({ passed: 4, failed: 3, skipped: 3 })
  })

  it('reads the report of Playwright, where a flaky test is a failure', () => {
    const report = { stats: { startTime: '', duration: 1, expected: 5, unexpected: 1, flaky: 1, skipped: 2 } }
    expect(parsePlaywright(JSON.stringify(report))).toEqual({ passed: 5, failed: 2, skipped: 2 })
  })
})

describe('a suite that ended with an error', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'muster-counts-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('has failed even without a report', async () => {
    const counts = await countVitest({ report: path.join(folder, 'none'), exitCodes: [1] })
    expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('has failed if no test ran', async () => {
    const counts = await countVitest({ report: path.join(folder, 'none'), exitCodes: [0] })
    expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('has failed even if no single test did', async () => {
    const report = path.join(folder, 'report')
    await writeFile(report, '{"numPassedTests": 4, "numFailedTests": 0, "numPendingTests": 0, "numTodoTests": 0}')
    expect(await countVitest({ report, exitCodes: [1] })).toEqual({ passed: 4, failed: 1, skipped: 0 })
    expect(await countVitest({ report, exitCodes: [0] })).toEqual({ passed: 4, failed: 0, skipped: 0 })
  })
})
