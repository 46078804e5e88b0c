import { expect, it } from 'vitest'
import { compareVersions } from './version'

it('versions are ordered as Semantic Versioning orders them', () => {
  const ordered = [
    ...['0.9.9', '0.10.0', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'],
    ...['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '2.0.0'],
  ]
  for (const [at, one] of ordered.entries())
    for (const [to, other] of ordered.entries()) expect(Math.sign(compareVersions(one, other))).toBe(Math.sign(at - to))
})

it('build metadata does not count, and text that is not a version is not older than another', () => {
  expect(compareVersions('1.2.3+mac', 'v1.2.3')).toBe(0)
  expect(compareVersions('nightly', '1.0.0')).toBe(0)
})
