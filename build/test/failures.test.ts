import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { failuresIn, junitFailures, playwrightFailures, failuresText, vitestFailures } from './failures.mjs'

describe('naming the failed tests', () => {
  it('reads the report of vitest, where a file that could not be loaded has no tests', () => {
    const report = {
      testResults: [
        {
          name: '/a.test.ts',
          status: 'failed',
          message: '',
          assertionResults: [
            { status: 'passed', fullName: 'a holds', failureMessages: [] },
            { status: 'failed', fullName: 'a does not', failureMessages: ['expected 1 to be 2'] },
          ],
        },
        { name: '/b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
      ],
    }
    expect(vitestFailures(JSON.stringify(report))).toEqual([
      { test: '/a.test.ts: a does not', message: 'expected 1 to be 2' },
      { test: '/b.test.ts', message: 'Cannot find module' },
    ])
  })

  it('reads the report of pytest, failures and errors of fixtures, with what XML escapes', () => {
    const report = `<?xml version="1.0"?><testsuites><testsuite>
      <testcase classname="tests.test_a" name="test_fine" time="0.1" />
      <testcase classname="tests.test_a" name="test_bad[&lt;x&gt;]" time="0.1"><failure message="assert">assert 1 &lt; 0
&#27;[31mE&#27;[0m</failure></testcase>
      <testcase classname="tests.test_b" name="test_set_up" time="0.1"><error message="gone">no such file</error></testcase>
    </testsuite></testsuites>`
    expect(junitFailures(report)).toEqual([
      { test: 'tests.test_a: test_bad[<x>]', message: 'assert 1 < 0\n\u001B[31mE\u001B[0m' },
      { test: 'tests.test_b: test_set_up', message: 'no such file' },
    ])
  })

  it('reads the report of Playwright, where a flaky test is a failure, at any depth', () => {
    const tests = (status: string, message: string) => [{ status, results: [{ errors: [{ message }] }] }]
    const report = {
      errors: [{ message: 'no browser' }],
      suites: [
        {
          title: 'chat.spec.ts',
          specs: [{ title: 'opens', tests: tests('expected', '') }],
          suites: [{ title: 'a chat', specs: [{ title: 'answers', tests: tests('flaky', 'not visible') }] }],
        },
      ],
    }
    expect(playwrightFailures(JSON.stringify(report))).toEqual([
      { test: 'chat.spec.ts › a chat › answers', message: 'not visible' },
      { test: 'Playwright', message: 'no browser' },
    ])
  })

  it('uses the last output of the commands if there is no report', async () => {
    const failedCommands = [{ test: 'tsc', message: 'TS2304' }]
    expect(await failuresIn({ report: '/no/such/report', read: vitestFailures, failedCommands })).toEqual(
      failedCommands,
    )
  })

  it('shows the page, if Playwright recorded it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'failures-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [page, report] = [join(folder, 'error-context.md'), join(folder, 'report')]
    writeFileSync(
      page,
      '# Error details\n\n```\nnot visible\n```\n\n```yaml\n- heading "Machines"\n```\n\n# Test source\n',
    )
    const results = [{ errors: [{ message: 'not visible' }], attachments: [{ name: 'error-context', path: page }] }]
    const specs = [{ title: 'opens', tests: [{ status: 'unexpected', results }] }]
    writeFileSync(report, JSON.stringify({ errors: [], suites: [{ title: 'chat.spec.ts', specs }] }))
    expect(failuresText(await failuresIn({ report, read: playwrightFailures, failedCommands: [] }))).toBe(
      '  ✗ chat.spec.ts › opens\n      not visible\n\n      The page:\n      - heading "Machines"\n',
    )
  })

  it('shows the start of each message, and the number of further failures', () => {
    const told = failuresText(
      Array.from({ length: 25 }, (_, index) => ({ test: `test ${index}`, message: '\u001B[31mbad\n' })),
    )
    expect(told).toContain('  ✗ test 0\n      bad\n')
    expect(told).toContain('and 5 more')
    expect(told).not.toContain('test 20')
  })
})
