import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../set-up/places.mjs'
import { EXTRA_SUITES, SUITES } from './suites.mjs'

/** What the set-up or a build makes: a fresh clone has none of it. */
const MADE = /^(?:\.cache|node_modules|native-runner\/\.venv)(?:\/|$)/

/** The places of the repository that a word names, relative to its root. */
const placesIn = (word: string): string[] => {
  const inside = path.isAbsolute(word) ? path.relative(root, word) : ''
  return inside === '' || inside.startsWith('..') || MADE.test(inside) ? [] : [inside]
}

it.each([...SUITES, ...EXTRA_SUITES].map((suite) => [suite.name, suite] as const))(
  'the suite %s runs files that exist',
  (_, { commands }) => {
    const named = commands([]).flat().flatMap(placesIn)
    expect(named.filter((place) => !existsSync(path.join(root, place)))).toEqual([])
  },
)
