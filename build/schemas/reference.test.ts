import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { defaultNodeSettings, NodeSettings } from '@core/settings/node'
import { API_FILE, apiText, COMMANDS_FILE, commandsText } from './reference'

const root = path.resolve(import.meta.dirname, '..', '..')
const page = (file: string): string => readFileSync(path.join(root, file), 'utf8')

it.each([
  [COMMANDS_FILE, commandsText],
  [API_FILE, apiText],
])('%s is up to date: `npm run schemas`', (file, text) => {
  expect(page(file)).toBe(text())
})

it('the page of settings has each setting with its default', () => {
  const rows = page('docs/reference/settings.md')
    .split('\n')
    .flatMap((line) => /^\| `(\w+)` \| ([^|]*) \|/.exec(line) ?? [])
  const told = Object.fromEntries(
    Array.from({ length: rows.length / 3 }, (_, row) => [rows[3 * row + 1], rows[3 * row + 2]]),
  )
  const known = Object.keys(NodeSettings.shape).map((name) => {
    const value: unknown = defaultNodeSettings[name as keyof NodeSettings]
    const isNothing = value === undefined || (Array.isArray(value) && value.length === 0)
    return [name, isNothing ? '–' : `\`${JSON.stringify(value)}\``]
  })
  expect(told).toEqual(Object.fromEntries(known))
})

/** Names that the node's sources give to files and folders directly in the data folder. */
const namesInDataFolder = (): string[] =>
  readdirSync(path.join(root, 'src-main'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const text = page(path.join('src-main', file))
      const constant = /\bFILE = '([^']+)'/.exec(text)?.[1]
      return [...text.matchAll(/\bjoin\((?:\w+\.)*dataDir, (?:'([^']+)'|`([a-z-]+)|(FILE)\b)/g)].flatMap(
        ([, literal, beginning, named]) => (named ? constant : (literal ?? beginning)) ?? [],
      )
    })

it('the page of files has everything that a node keeps in its data folder', () => {
  const text = page('docs/reference/files.md')
  const names = [...new Set(namesInDataFolder())]
  expect(names).toEqual(expect.arrayContaining(['identity.json', 'admission.json', 'former-identity-', 'log']))
  expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([])
})
