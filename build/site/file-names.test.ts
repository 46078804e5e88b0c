import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../set-up/places.mjs'

const SOURCES = [
  'build',
  'docs',
  'src-core',
  'src-main',
  'src-preload',
  'src-renderer',
  'tests',
  'native-runner/src',
  'native-runner/tests',
]

/** All files below a folder, with `/` between their names. */
const below = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => !/(?:^|\/)(?:node_modules|__pycache__|\.[^/]+)\//.test(file))

const files = SOURCES.flatMap(below)
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...files.filter((file) => file.endsWith('.md') && !file.includes('/fixtures/')),
]

const read = (page: string): string => readFileSync(path.join(root, page), 'utf8')

/** Files of source code that a page names in its code spans; `*` stands for any part of a name. */
const namedIn = (page: string): string[] =>
  [...read(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, span = '']) =>
    [...span.matchAll(/(?<![\w@./*-])[\w@*/-][\w@./*-]*\.(?:ts|mjs|svelte|py)(?![\w.])/g)].map(([name]) => name),
  )

/** Whether a file has this name, or this path at its end. */
const isThere = (name: string): boolean => {
  const pattern = name
    .split('*')
    .map((part) => part.replaceAll(/[.@/-]/g, '\\$&'))
    .join('[^/]*')
  return files.some((file) => new RegExp(`(?:^|/)${pattern}$`).test(file))
}

/** Stands for any test. */
const EXAMPLE = 'x.test.ts'

it.each(pages.map((page) => [page] as const))('%s names source files that exist', (page) => {
  expect(namedIn(page).filter((name) => name !== EXAMPLE && !isThere(name))).toEqual([])
})

it.each(pages.filter((page) => page.startsWith('src-')).map((page) => [page] as const))(
  '%s names scenarios that exist',
  (page) => {
    const named = [...read(page).matchAll(/`(cluster\/[a-z*-]+)`/g)].map(
      ([, name = '']) => `tests/scenarios/${name}.json`,
    )
    expect(named.filter((name) => !isThere(name))).toEqual([])
  },
)

it('ARCHITECTURE.md names every folder of the core and of the node', () => {
  const text = read('ARCHITECTURE.md')
  const folders = [...new Set(files.flatMap((file) => /^(?:src-core|src-main)\/([^/]+)\//.exec(file)?.[1] ?? []))]
  expect(folders.filter((folder) => !new RegExp(`[/\`]${folder}\``).test(text))).toEqual([])
})
