import { readFile } from 'node:fs/promises'

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {(result: { exitCodes: readonly number[], report: string }) => Promise<Counts>} Count */

/**
 * Counts a failure for a suite that exited with an error but reported none, for instance because it could not start,
 * and for one that succeeded without running any test.
 *
 * @param {Counts} counts
 * @param {readonly number[]} exitCodes
 * @returns {Counts}
 */
const withSilentFailure = (counts, exitCodes) =>
  counts.failed === 0 && (counts.passed === 0 || exitCodes.some((code) => code !== 0))
    ? { ...counts, failed: 1 }
    : counts

/** @type {Counts} */
const NONE = { passed: 0, failed: 0, skipped: 0 }

/** @param {readonly Counts[]} all */
export const sum = (all) =>
  all.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    NONE,
  )

/**
 * @param {string} report
 * @param {readonly number[]} exitCodes
 * @param {(text: string) => Counts} parse
 */
const fromReport = async (report, exitCodes, parse) =>
  withSilentFailure(await readFile(report, 'utf8').then(parse, () => NONE), exitCodes)

/** Each command is one check. @type {Count} */
export const countChecks = async ({ exitCodes }) => ({
  passed: exitCodes.filter((code) => code === 0).length,
  failed: exitCodes.filter((code) => code !== 0).length,
  skipped: 0,
})

/** @type {Count} */
export const countVitest = ({ report, exitCodes }) => fromReport(report, exitCodes, parseVitest)

/** @type {Count} */
export const countJUnit = ({ report, exitCodes }) => fromReport(report, exitCodes, parseJUnit)

/** @type {Count} */
export const countPlaywright = ({ report, exitCodes }) => fromReport(report, exitCodes, parsePlaywright)

/**
 * vitest's JSON report.
 *
 * @param {string} text
 * @returns {Counts}
 */
export function parseVitest(text) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(text)
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
}

/**
 * pytest's JUnit report.
 *
 * @param {string} text
 * @returns {Counts}
 */
export function parseJUnit(text) {
  const suite = /<testsuite .*?>/s.exec(text)?.[0] ?? ''
  /** @param {string} name */
  const attribute = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const failed = attribute('failures') + attribute('errors')
  const skipped = attribute('skipped')
  return { passed: attribute('tests') - failed - skipped, failed, skipped }
}

/**
 * Playwright's JSON report. A test that passed only on retry counts as failed.
 *
 * @param {string} text
 * @returns {Counts}
 */
export function parsePlaywright(text) {
  const { expected, unexpected, flaky, skipped } = JSON.parse(text).stats
  return { passed: expected, failed: unexpected + flaky, skipped }
}
