import { readFile } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'

/**
 * @typedef {{ test: string, message: string, page?: string | undefined }} Failure `page`: the file in which Playwright
 *   tells what the browser showed, and after `failuresIn` the words of it
 */
/** @typedef {(report: string) => readonly Failure[]} FailuresOf */

/** Number of lines shown of one failure: its assertion and the start of its stack. */
const SHOWN_LINES = 40

/** Number of lines shown of the page, in the form that a screen reader reads. */
const SHOWN_PAGE_LINES = 80

/** Number of failures shown: enough for a screen, not for a whole log. */
const SHOWN_FAILURES = 20

/**
 * The failed tests of a suite, read from its report. If there is no report, the failed commands with their last output.
 *
 * @param {{ report: string, read: FailuresOf | undefined, failedCommands: readonly Failure[] }} options
 * @returns {Promise<readonly Failure[]>}
 */
export async function failuresIn({ report, read, failedCommands }) {
  const named = read === undefined ? [] : await readFile(report, 'utf8').then(read, () => [])
  const failures = named.length > 0 ? named : failedCommands
  return await Promise.all(failures.map(withPage))
}

/**
 * Reads the accessibility snapshot of the page, which shows why something was not found.
 *
 * @param {Failure} failure
 * @returns {Promise<Failure>}
 */
async function withPage({ page, ...failure }) {
  const told = page === undefined ? '' : await readFile(page, 'utf8').catch(() => '')
  const [, words] = /^```yaml\n(.*?)^```/ms.exec(told) ?? []
  return words === undefined ? failure : { ...failure, page: words }
}

/**
 * The text of the failures; empty if there are none.
 *
 * @param {readonly Failure[]} failures
 * @returns {string} nothing where none failed
 */
export function failuresText(failures) {
  const shown = failures.slice(0, SHOWN_FAILURES).map(({ test, message, page = '' }) => {
    const lines = stripVTControlCharacters(message).trim().split('\n').slice(0, SHOWN_LINES)
    const pageLines = page === '' ? [] : ['', 'The page:', ...page.trimEnd().split('\n').slice(0, SHOWN_PAGE_LINES)]
    return [`  ✗ ${test}`, ...[...lines, ...pageLines].map((line) => `      ${line}`.trimEnd()), ''].join('\n')
  })
  const rest = failures.length - shown.length
  return [...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n')
}

/** @typedef {{ status: string, fullName: string, failureMessages: string[] }} VitestTest */
/** @typedef {{ name: string, status: string, message: string, assertionResults: VitestTest[] }} VitestFile */

/** vitest's JSON report. A file that could not be loaded has a message and no tests. @type {FailuresOf} */
export function vitestFailures(report) {
  return JSON.parse(report).testResults.flatMap((/** @type {VitestFile} */ file) => {
    const tests = file.assertionResults.filter(({ status }) => status === 'failed')
    if (tests.length === 0 && file.status === 'failed') return [{ test: file.name, message: file.message }]
    return tests.map(({ fullName, failureMessages }) => ({
      test: `${file.name}: ${fullName}`,
      message: failureMessages.join('\n'),
    }))
  })
}

const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

/** @param {string} text of an XML attribute or element */
const unescape = (text) =>
  text
    .replace(/&#(x?)([0-9a-f]+);/gi, (_, hex, digits) => String.fromCodePoint(parseInt(digits, hex ? 16 : 10)))
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (name)])

/** pytest's JUnit report. An error in a fixture counts as a failure. @type {FailuresOf} */
export function junitFailures(report) {
  const cases = report.matchAll(/<testcase ([^>]*[^/])>(.*?)<\/testcase>/gs)
  return [...cases].flatMap(([, attributes = '', content = '']) => {
    /** @param {string} name */
    const attribute = (name) => unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '')
    return [...content.matchAll(/<(?:failure|error)\b[^>]*>(.*?)<\/(?:failure|error)>/gs)].map(([, text = '']) => ({
      test: `${attribute('classname')}: ${attribute('name')}`,
      message: lastLines(unescape(text)),
    }))
  })
}

/** pytest shows the test's source first and the assertion last. @param {string} text */
export const lastLines = (text) => text.trim().split('\n').slice(-SHOWN_LINES).join('\n')

/** @typedef {{ errors: { message?: string }[], attachments?: { name: string, path?: string }[] }} Try */
/** @typedef {{ title: string, tests: { status: string, results: Try[] }[] }} Spec */
/** @typedef {{ title: string, specs?: Spec[], suites?: PlaywrightSuite[] }} PlaywrightSuite */

/** Playwright's JSON report. A flaky test counts as a failure. @type {FailuresOf} */
export function playwrightFailures(report) {
  /** @type {(suite: PlaywrightSuite, above: readonly string[]) => Failure[]} */
  const within = (suite, above) => {
    const titles = [...above, suite.title]
    const ofSpecs = (suite.specs ?? []).flatMap(({ title, tests }) =>
      tests
        .filter(({ status }) => status === 'unexpected' || status === 'flaky')
        .map(({ results }) => ({
          test: [...titles, title].join(' › '),
          message: results.flatMap(({ errors }) => errors.map(({ message }) => message ?? '')).join('\n'),
          page: results.flatMap(({ attachments = [] }) => attachments).find(({ name }) => name === 'error-context')
            ?.path,
        })),
    )
    return [...ofSpecs, ...(suite.suites ?? []).flatMap((inner) => within(inner, titles))]
  }
  const { suites, errors } = JSON.parse(report)
  return [
    ...suites.flatMap((/** @type {PlaywrightSuite} */ suite) => within(suite, [])),
    ...errors.map((/** @type {{ message?: string }} */ { message }) => ({
      test: 'Playwright',
      message: message ?? '',
    })),
  ]
}
