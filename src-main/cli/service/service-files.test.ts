import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ServiceDefinition } from './definition'
import { launchd, plistText } from './launchd'
import { systemd, unitText } from './systemd'

const definition: ServiceDefinition = {
  program: '/opt/node 20/bin/node',
  args: ['/opt/muster/cli.cjs', 'serve', '--name', 'a "b" 100% $HOME \\ <&>'],
  env: { PATH: '/usr/bin:/bin', MUSTER_DATA_DIR: '/data/my "folder"' },
}

/** Splits an `ExecStart` line as systemd does: quoted words, `%%`, `$$` and backslashes. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
    word.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
  )

/** What systemd itself finds wrong with the unit; it reads others that the unit names, and those of the machine may have faults too. */
const verified = (text: string, ...scope: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-unit-'))
  try {
    const unit = join(folder, 'muster.service')
    writeFileSync(unit, text)
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...scope, unit], {
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
      encoding: 'utf8',
    })
    return `${stdout}${stderr}`.split('\n').filter((line) => line.includes('muster'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('a unit of systemd', () => {
  it.skipIf(!hasSystemd)('is accepted by systemd without a warning, a user’s and the system’s', () => {
    const runs = { ...definition, program: process.execPath }
    expect(verified(unitText(runs, { system: false }), '--user')).toEqual([])
    expect(verified(unitText({ ...runs, user: 'root' }, { system: true }))).toEqual([])
    expect(verified('[Service]\nExecStart=/nowhere/muster\n')).not.toEqual([])
  })

  it('starts the program with its arguments as they are', () => {
    const start = /^ExecStart=(.*)$/m.exec(unitText(definition, { system: false }))?.[1] ?? ''
    expect(wordsOf(start)).toEqual([definition.program, ...definition.args])
  })

  it('is reloaded by a signal to the node alone, and kills none of the runners that it left', () => {
    const unit = unitText(definition, { system: false })
    expect(unit).toMatch(/^ExecReload=\/bin\/kill -USR2 \$MAINPID$/m)
    expect(unit).toMatch(/^KillMode=process$/m)
    expect(systemd({ system: true, home: '/root', userName: 'root' }).restart.args).toEqual([
      'reload',
      'muster.service',
    ])
  })

  it('is a user’s own without root, and somebody’s with it', () => {
    expect(unitText(definition, { system: false })).not.toContain('User=')
    expect(unitText({ ...definition, user: 'ada' }, { system: true })).toMatch(/^User=ada$/m)
    expect(systemd({ system: false, home: '/home/ada', userName: 'ada' })).toMatchObject({
      path: '/home/ada/.config/systemd/user/muster.service',
      install: expect.arrayContaining([
        { program: 'loginctl', args: ['enable-linger', 'ada'], optional: true },
      ]) as unknown,
    })
  })
})

/** The values of a property list in order. Parses only the elements that ours contain. */
const stringsOf = (plist: string): string[] =>
  [...plist.matchAll(/<string>(.*?)<\/string>/g)].map(([, text = '']) =>
    text.replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&'),
  )

describe('a property list of launchd', () => {
  it('has the program and its arguments as they are, and is well-formed', () => {
    const text = plistText(definition, '/tmp/log')
    expect(stringsOf(text)).toEqual(expect.arrayContaining([definition.program, ...definition.args]))
    const open: string[] = []
    for (const [, close, name = '', self] of text.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (self) continue
      if (close) expect(open.pop()).toBe(name)
      else open.push(name)
    }
    expect(open).toEqual([])
  })

  it('keeps what the node leaves, and restarts it by a signal', () => {
    expect(plistText(definition, '/tmp/log')).toContain('<key>AbandonProcessGroup</key><true/>')
    const { restart } = launchd({ system: false, home: '/Users/ada', userId: 501 })
    expect(restart.args).toEqual(['kill', 'SIGUSR2', 'gui/501/ai.muster.node'])
  })

  it('lies where launchd looks, for a user or for the system', () => {
    const options = { home: '/Users/ada', userId: 501 }
    expect(launchd({ ...options, system: false }).path).toBe('/Users/ada/Library/LaunchAgents/ai.muster.node.plist')
    expect(launchd({ ...options, system: true }).status.args).toEqual(['print', 'system/ai.muster.node'])
  })
})
