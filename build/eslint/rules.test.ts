import { ESLint } from 'eslint'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const root = path.resolve(import.meta.dirname, '../..')

/** The project's own configuration. */
const eslint = new ESLint({ cwd: root })

async function rulesBroken(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(root, file) })
  return [...new Set(result?.messages.map((message) => message.ruleId ?? message.message))]
}

/** The reports of oxlint for files `x.ts`, `y.ts` beside the project's own configuration. */
async function typedRulesBroken(...code: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'muster-lint-'))
  try {
    await cp(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'))
    await writeFile(path.join(folder, 'tsconfig.json'), '{ "compilerOptions": { "strict": true } }')
    await Promise.all(code.map((text, at) => writeFile(path.join(folder, `${'xy'[at]}.ts`), text)))
    const oxlint = path.join(root, 'node_modules/oxlint/bin/oxlint')
    const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'json'], { cwd: folder, encoding: 'utf8' })
    const { diagnostics } = OxlintReport.parse(JSON.parse(stdout))
    return diagnostics.map((diagnostic) => diagnostic.code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const OxlintReport = z.object({ diagnostics: z.array(z.object({ code: z.string() })) })

const refused: [why: string, file: string, code: string][] = [
  ['the core imports a package other than zod', 'src-core/x.ts', "import { Hono } from 'hono'\nnew Hono()\n"],
  ['the core imports Node', 'src-core/state/x.ts', "export { readFile } from 'node:fs'\n"],
  ['the core imports Node under its bare name', 'src-core/state/x.ts', "export { readFile } from 'fs'\n"],
  [
    'the core imports the shell',
    'src-core/x.ts',
    "import type { Node } from '@main/node/index'\nexport type N = Node\n",
  ],
  ['the core imports the renderer lazily', 'src-core/x.ts', "export const x = () => import('@renderer/main')\n"],
  ['the core names a type of the shell in place', 'src-core/x.ts', "export type N = import('@main/node/index').Node\n"],
  ['a folder of the core imports a later one', 'src-core/state/x.ts', "export type { Event } from '../events/event'\n"],
  ['a file beside the folders imports one of them', 'src-core/x.ts', "export type { State } from './state/state'\n"],
  [
    'a folder of the core that has no place in the order imports one that has',
    'src-core/new/x.ts',
    "export type { State } from '../state/state'\n",
  ],
  ['a part of the shell imports Electron', 'src-main/api/x.ts', "import { app } from 'electron'\napp.quit()\n"],
  ['a part of the shell requires Electron', 'src-main/api/x.ts', "export const x = require('electron')\n"],
  ['the composition root imports Electron', 'src-main/node/node.ts', "import { app } from 'electron'\napp.quit()\n"],
  ['the headless node imports the desktop', 'src-main/headless.ts', "export { tray } from './desktop/tray'\n"],
  ['one part imports another', 'src-main/api/x.ts', "export { sequencer } from '../master/sequencer'\n"],
  ['one part imports another by alias', 'src-main/api/x.ts', "export { sequencer } from '@main/master/sequencer'\n"],
  ['one part imports types of another', 'src-main/api/x.ts', "export type { S } from '@main/master/sequencer'\n"],
  ['a part imports the logger itself', 'src-main/api/x.ts', "export { createLogger } from '@main/logging/logger'\n"],
  ['a part imports the composition root', 'src-main/api/x.ts', "export { startNode } from '@main/node/index'\n"],
  ...['consensus/step', 'fold/tasks', 'merging/declared', 'plan/plan', 'rdma/edges', 'reconcile/pass'].map(
    (file): [string, string, string] => [
      `${file} is imported past the index of its folder`,
      'src-core/simulation/x.ts',
      `export * from '../${file}'\n`,
    ],
  ),
  ...['api/server', 'cluster/link-layer', 'master/storage', 'models/hub/hub', 'system/command'].map(
    (file): [string, string, string] => [
      `the composition root imports ${file} past the index of its folder`,
      'src-main/node/node.ts',
      `export * from '../${file}'\n`,
    ],
  ),
  [
    'the command line imports the composition root past its index',
    'src-main/cli/x.ts',
    "export type { NodeOptions } from '../node/options'\n",
  ],
  [
    'the simulation imports more of the cluster than the link layer',
    'src-main/simulation/x.ts',
    "export { Peers } from '../cluster/index'\n",
  ],
  [
    'the Electron entry imports the desktop past its index',
    'src-main/electron.ts',
    "export { runDesktop } from './desktop/app'\n",
  ],
  ['the renderer imports the shell', 'src-renderer/x.ts', "export { startNode } from '@main/node/index'\n"],
  ['the renderer imports Node', 'src-renderer/x.ts', "export { join } from 'node:path'\n"],
  ['the preload script imports a package', 'src-preload/x.ts', "export { z } from 'zod'\n"],
  ['a folder is left by a relative path', 'src-main/api/x.ts', "export { fold } from '../../src-core/fold/index'\n"],
]

const allowed: [why: string, file: string, code: string][] = [
  ['a folder is imported through its index', 'src-core/protocols/x.ts', "export { step } from '../consensus/index'\n"],
  [
    'the simulation imports the link layer',
    'src-main/simulation/x.ts',
    "export { Streams } from '../cluster/link-layer'\n",
  ],
  ['the core imports zod and itself', 'src-core/x.ts', "export { z } from 'zod'\nexport { NodeId } from './ids'\n"],
  [
    'a folder of the core imports an earlier one',
    'src-core/events/x.ts',
    "export type { State } from '../state/state'\n",
  ],
  [
    'a part imports the core, Node and packages',
    'src-main/api/x.ts',
    "export { Hono } from 'hono'\nexport { fold } from '@core/fold/index'\nexport { join } from 'node:path'\n",
  ],
  ['a part imports types of the logger', 'src-main/api/x.ts', "export type { Logger } from '@main/logging/logger'\n"],
  ['the composition root imports the parts', 'src-main/node/node.ts', "export { startApi } from '../api/index'\n"],
  ['the desktop imports Electron', 'src-main/desktop/x.ts', "export { app } from 'electron'\n"],
  ['the preload script imports Electron', 'src-preload/x.ts', "export { ipcRenderer } from 'electron'\n"],
  [
    'a test in tests/ imports several parts',
    'tests/integration/x.test.ts',
    "export { startNode } from '@main/node/index'\n",
  ],
]

const readByPeople: [why: string, file: string, code: string][] = [
  ['stands in the markup', 'src-renderer/x.svelte', '<p>Nothing here</p>\n'],
  ['is read out', 'src-renderer/x.svelte', '<button aria-label="Close"></button>\n'],
  ['is a sentence in code', 'src-renderer/x.ts', "export const x = 'Can’t read it.'\n"],
  ['is put together in code', 'src-main/desktop/x.ts', 'export const x = (n: string) => `Quit ${n} now?`\n'],
]

const readByNobody: [why: string, file: string, code: string][] = [
  ['it comes from the catalogue', 'src-renderer/x.svelte', "<p title={t('a.b')}>{t('a.c')} ·</p>\n"],
  ['it is the name of the program', 'src-renderer/x.svelte', '<b>Muster</b>\n'],
  ['it is for who reads a stack trace', 'src-renderer/x.ts', "export const x = () => new Error('No such thing')\n"],
  ['the API says it', 'src-main/api/x.ts', "export const x = 'Port 1 is in use.'\n"],
]

describe('the rule about texts', () => {
  it.each(readByPeople)('reports a text that %s', async (_why, file, code) => {
    expect(await rulesBroken(file, code)).toContain('muster/no-raw-text')
  })

  it.each(readByNobody)('allows a text when %s', async (_why, file, code) => {
    expect(await rulesBroken(file, code)).not.toContain('muster/no-raw-text')
  })
})

describe('the layering rule', () => {
  it.each(refused)('is violated when %s', async (_why, file, code) => {
    expect(await rulesBroken(file, code)).toContain('muster/one-way')
  })

  it.each(allowed)('is met when %s', async (_why, file, code) => {
    expect(await rulesBroken(file, code)).toEqual([])
  })
})

describe('the purity of the core', () => {
  it.each([
    ['the clock', 'export const now = () => Date.now()\n'],
    ['the clock as a date', 'export const now = () => new Date()\n'],
    ['randomness', 'export const dice = () => Math.random()\n'],
    ['timers', 'export const later = (f: () => void) => setTimeout(f, 1)\n'],
    ['the console', "export const say = () => console.log('x')\n"],
    ['a random id', 'export const id = () => crypto.randomUUID()\n'],
  ])('forbids %s', async (_what, code) => {
    expect(await rulesBroken('src-core/x.ts', code)).not.toEqual([])
    expect(await rulesBroken('src-main/api/x.ts', code)).toEqual([])
  })

  it('forbids async code in folders that decide', async () => {
    const code = 'export const later = async () => 1\n'
    expect(await rulesBroken('src-core/state/x.ts', code)).toContain('no-restricted-syntax')
    expect(await rulesBroken('src-core/time/x.ts', code)).toEqual([])
  })

  it('allows a date that is made from a given time', async () => {
    expect(await rulesBroken('src-core/x.ts', 'export const at = (t: number) => new Date(t)\n')).toEqual([])
  })
})

describe('the strictness rules', () => {
  it.each([
    ['any', 'export const x = (y: any) => y as string\n'],
    ['a non-null assertion', 'export const x = (y: string | undefined) => y!\n'],
    ['a silenced type error', '// @ts-expect-error it is fine\nexport const x: string = 1\n'],
    ['an unfinished mark', '// TODO: later\nexport const x = 1\n'],
  ])('forbid %s', async (_what, code) => {
    expect(await rulesBroken('src-main/api/x.ts', code)).not.toEqual([])
  })

  it('give a condition of a test more than a second', async () => {
    const wait = (limit: string): string => `export const x = (vi: Wait) => vi.waitFor(() => undefined${limit})\n`
    expect(await rulesBroken('src-main/api/x.test.ts', wait(''))).toEqual(['no-restricted-syntax'])
    expect(await rulesBroken('src-main/api/x.test.ts', wait(', { timeout: 30_000 }'))).toEqual([])
  })

  it('leave the modules of tests as they are, but for Electron', async () => {
    const mock = (name: string): string => `export const x = (vi: Mocks) => vi.mock('${name}', () => ({}))\n`
    expect(await rulesBroken('src-main/api/x.test.ts', mock('node:fs'))).toEqual(['no-restricted-syntax'])
    expect(await rulesBroken('src-main/api/x.test.ts', mock('electron'))).toEqual([])
  })

  it('cannot be switched off by a comment', async () => {
    const code = '/* eslint-disable */\nexport const x = (y: string | undefined) => y!\n'
    expect(await rulesBroken('src-main/api/x.ts', code)).toContain('@typescript-eslint/no-non-null-assertion')
  })

  it('cannot be switched off by a comment for oxlint either', async () => {
    const code = '// oxlint-disable typescript/no-floating-promises\nexport const x = 1\n'
    expect(await rulesBroken('src-main/api/x.ts', code)).toContain('no-warning-comments')
  })

  it('find files that import one another, be it types alone', async () => {
    const [x, y] = [
      "import type { Y } from './y'\nexport type X = Y[]\n",
      "import type { X } from './x'\nexport type Y = X[]\n",
    ]
    expect(await typedRulesBroken(x, y)).toEqual(['import(no-cycle)', 'import(no-cycle)'])
    expect(await typedRulesBroken(x, 'export type Y = 1\n')).toEqual([])
  })

  it('find an unhandled case and a forgotten promise', async () => {
    const code = [
      "export function f(x: 'a' | 'b') { switch (x) { case 'a': return 1 } }",
      'export function g(p: () => Promise<void>) { p() }',
    ].join('\n')
    expect(await typedRulesBroken(code)).toEqual([
      'typescript(switch-exhaustiveness-check)',
      'typescript(no-floating-promises)',
    ])
  })
})
