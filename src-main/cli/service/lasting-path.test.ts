import { describe, expect, it } from 'vitest'
import { lastingPath } from './lasting-path'

const NODE = '/opt/homebrew/Cellar/node@22/22.11.0_1/bin/node'

/** A disk on which these links lead to those files, and every other path to itself. */
const disk =
  (links: Readonly<Record<string, string>>) =>
  (path: string): string =>
    links[path] ?? path

describe('the path of a program in a service', () => {
  it('of Homebrew is the one that stays with the next version', () => {
    const linked = '/opt/homebrew/opt/node@22/bin/node'
    expect(lastingPath(NODE, disk({ [linked]: NODE }))).toBe(linked)
  })

  it('is the program’s own where Homebrew’s link leads to another version, or nowhere', () => {
    expect(lastingPath(NODE, disk({}))).toBe(NODE)
    const missing = (): never => {
      throw new Error('ENOENT')
    }
    expect(lastingPath(NODE, missing)).toBe(NODE)
  })

  it.each(['/usr/bin/node', '/Users/ada/.nvm/versions/node/v22.1.0/bin/node'])('stays %s', (program) => {
    expect(lastingPath(program, disk({}))).toBe(program)
  })
})
