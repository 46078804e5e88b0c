import svelte from 'eslint-plugin-svelte'
import { defineConfig, globalIgnores } from 'eslint/config'
import ts from 'typescript-eslint'
import { noRawText } from './build/eslint/no-raw-text.js'
import { oneWay } from './build/eslint/one-way.js'
import svelteConfig from './svelte.config.js'

/** The outside world comes into the core as an input, never by one of these names. */
const IMPURE_GLOBALS = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame'],
  ...[
    'console',
    'process',
    'Buffer',
    'performance',
    'crypto',
    'fetch',
    'navigator',
    'window',
    'document',
    'globalThis',
  ],
]

/** @type {import('eslint').Linter.RulesRecord} */
const strict = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true }],
  '@typescript-eslint/consistent-type-imports': [
    'error',
    { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
  ],
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
  ],
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack', 'oxlint-'], location: 'start' }],
  eqeqeq: ['error', 'always'],
}

/** The same in every language: names of programs, their fields, what a report has for engineers and what models read. */
const NAMES = [
  'Muster',
  'Claude Code',
  'Open WebUI',
  'VS Code',
  'Base URL:',
  'Model ID:',
  'Data folder:',
  'Runs on:',
  'File',
]

/** @type {readonly { selector: string, message: string }[]} */
const TIME_AS_INPUT = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The time is an input.' },
  { selector: "CallExpression[callee.name='Date']", message: 'The time is an input.' },
]
/** The app's state is always the same object, whose families change. */
const BY_FAMILIES = {
  selector: "NewExpression[callee.name='WeakMap'] TSTypeReference:first-child > Identifier[name='State']",
  message: 'A cache is keyed by the families of the state that it is made from.',
}
const NOTHING_WAITS = {
  selector: ':function[async=true]',
  message: 'The core decides at once. What waits is the shell’s.',
}

const SECOND = {
  selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^wait/][arguments.length=1]",
  message: 'vitest gives up after a second, which a busy machine may take: `eventually` is patient.',
}

const SHARED_MODULES = {
  selector:
    "CallExpression[callee.object.name='vi'][callee.property.name=/^(do)?[mM]ock$/][arguments.0.value!='electron']",
  message: 'Test files share their modules: one that was loaded before is not replaced. Hand in what the test needs.',
}

const REMOVAL = {
  importNames: ['rm', 'rmSync', 'rmdir', 'rmdirSync', 'unlink', 'unlinkSync', 'default'],
  message: 'src-main/disk/removal removes: it follows no link and leaves nothing but what was named.',
}

export default defineConfig(
  globalIgnores([
    ...['node_modules', 'out', 'dist', 'coverage', 'test-results', '.cache', 'native-runner'],
    ...['**/fixtures', 'build/test-runtime/default-app'],
  ]),
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  ts.configs.recommended,
  svelte.configs.recommended,
  {
    plugins: { muster: { rules: { 'one-way': oneWay, 'no-raw-text': noRawText } } },
    rules: { ...strict, 'muster/one-way': 'error' },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: { 'svelte/no-at-html-tags': 'error' },
  },
  {
    files: ['src-renderer/**/*.ts', 'src-renderer/**/*.svelte', 'src-main/desktop/**/*.ts'],
    ignores: ['**/*.test.ts', 'src-renderer/testing/**'],
    rules: { 'muster/no-raw-text': ['error', { names: NAMES }] },
  },
  {
    files: ['src-main/**/*.ts'],
    ignores: ['src-main/disk/removal.ts', 'src-main/**/*.test.ts', 'src-main/**/testing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: ['fs', 'node:fs', 'fs/promises', 'node:fs/promises'].map((name) => ({ name, ...REMOVAL })) },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'tests/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', SECOND, SHARED_MODULES] },
  },
  {
    files: ['src-core/**/*.ts'],
    ignores: ['src-core/**/*.test.ts', 'src-core/testing/**'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The time is an input.' },
        { object: 'Math', property: 'random', message: 'Randomness is an input.' },
      ],
      'no-restricted-syntax': ['error', ...TIME_AS_INPUT, BY_FAMILIES],
    },
  },
  {
    files: ['src-core/*/**/*.ts'],
    ignores: ['**/*.test.ts', 'src-core/{testing,time,tracing,texts}/**', 'src-core/*/testing/**'],
    rules: { 'no-restricted-syntax': ['error', ...TIME_AS_INPUT, BY_FAMILIES, NOTHING_WAITS] },
  },
)
