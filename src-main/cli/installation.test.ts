import { describe, expect, it } from 'vitest'
import { installationOf, updateCommand } from './installation'

const NPM = '/usr/local/lib/node_modules/muster/out/main/cli.cjs'
const PROJECT = '/home/ann/trial/node_modules/muster/bin/muster.cjs'

describe('the way the command line was installed', () => {
  it.each([
    [NPM, false, { by: 'npm', prefix: '/usr/local' }],
    [PROJECT, false, { by: 'npm-project', prefix: '/home/ann/trial' }],
    ['/opt/homebrew/Cellar/muster/1.2.3/libexec/lib/node_modules/muster/bin/muster.cjs', false, { by: 'homebrew' }],
    ['/home/ann/muster/out/main/cli.cjs', false, { by: 'sources' }],
    ['/Applications/Muster.app/Contents/Resources/app.asar/out/main/electron.cjs', true, { by: 'app' }],
  ] as const)('is told by the path %s', (script, isApp, expected) => {
    expect(installationOf(script, isApp)).toEqual(expected)
  })
})

describe('the command that updates', () => {
  it('installs the named package where npm has put this one', () => {
    expect(updateCommand(installationOf(NPM, false), 'muster-2.0.0.tgz')).toEqual({
      program: 'npm',
      args: ['install', '--global', '--prefix', '/usr/local', 'muster-2.0.0.tgz'],
    })
  })

  it('installs it into the same project: globally there would be a second one, and the first would stay', () => {
    expect(updateCommand(installationOf(PROJECT, false), 'muster-2.0.0.tgz')).toEqual({
      program: 'npm',
      args: ['install', '--prefix', '/home/ann/trial', 'muster-2.0.0.tgz'],
    })
  })

  it('takes no package by its bare name from a registry, where anybody may own that name', () => {
    expect(updateCommand({ by: 'npm', prefix: '/usr/local' }, undefined)).toHaveProperty(
      'problem',
      expect.stringMatching(/^Which/),
    )
  })

  it('leaves the version to Homebrew, and the app and a checkout to themselves', () => {
    expect(updateCommand({ by: 'homebrew' }, undefined)).toEqual({ program: 'brew', args: ['upgrade', 'muster'] })
    for (const by of ['app', 'sources'] as const) expect(updateCommand({ by }, undefined)).toHaveProperty('hint')
  })
})
