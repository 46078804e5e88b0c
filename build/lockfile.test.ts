import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

interface LockedPackage {
  version?: string
  integrity?: string
  resolved?: string
  /** Bundled in another package, whose content is pinned. */
  inBundle?: boolean
  optionalDependencies?: Record<string, string>
}

const lockfile = path.resolve(import.meta.dirname, '..', 'package-lock.json')
const { packages } = JSON.parse(readFileSync(lockfile, 'utf8')) as { packages: Record<string, LockedPackage> }
const locked = Object.entries(packages).filter(([location]) => location !== '')

/** Where Node would resolve a package from another one. */
const placesFor = (name: string, from: string): string[] => {
  const parents = from
    .split('/node_modules/')
    .map((_, index, parts) => parts.slice(0, index + 1).join('/node_modules/'))
  return [...parents.map((parent) => `${parent}/node_modules/${name}`), `node_modules/${name}`]
}

it('has the native parts of every package for every platform, not only for the one it was written on', () => {
  const missing = locked.flatMap(([location, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !placesFor(name, location).some((place) => place in packages)),
  )
  expect(missing).toEqual([])
})

it('pins every package by version and content, and none to a URL', () => {
  const own = locked.filter(([, entry]) => !entry.inBundle)
  expect(own.filter(([, entry]) => !entry.version || !entry.integrity || entry.resolved)).toEqual([])
})
