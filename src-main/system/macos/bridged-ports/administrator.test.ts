import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asAdministrator, scriptFor, type Task } from './administrator'

const task = (...commands: string[]): Task => ({ commands, prompt: 'Muster wants to.', stopAtFailure: true })
const DELETE = '/sbin/ifconfig bridge0 deletem en2'

describe('commands as administrator', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-administrator-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** A fake osascript: a program that records its input, then ends as given. */
  const fakeOsascript = (ending: string): string => {
    const path = join(folder, 'osascript')
    writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/given'\n${ending}\n`)
    chmodSync(path, 0o755)
    return path
  }

  it('go to macOS as one script that asks for an administrator', async () => {
    const allow = asAdministrator({ osascript: fakeOsascript('exit 0') })
    expect(await allow(task(DELETE, '/usr/sbin/ipconfig set en2 DHCP'))).toEqual({ outcome: 'done' })
    expect(readFileSync(join(folder, 'given'), 'utf8')).toBe(
      '-e\ndo shell script "/sbin/ifconfig bridge0 deletem en2 && /usr/sbin/ipconfig set en2 DHCP" with prompt "Muster wants to." with administrator privileges\n',
    )
  })

  it('that the person does not allow are an ordinary result', async () => {
    const osascript = fakeOsascript("echo '0:94: execution error: User canceled. (-128)' >&2; exit 1")
    expect(await asAdministrator({ osascript })(task(DELETE))).toEqual({ outcome: 'declined' })
  })

  it('that fail say what macOS said', async () => {
    const osascript = fakeOsascript("echo 'execution error: ifconfig: Device busy (1)' >&2; exit 1")
    expect(await asAdministrator({ osascript })(task(DELETE))).toEqual({
      outcome: 'failed',
      message: 'execution error: ifconfig: Device busy (1)',
    })
  })

  it('cannot be asked for where there is no osascript', async () => {
    const answer = await asAdministrator({ osascript: join(folder, 'none') })(task(DELETE))
    expect(answer).toMatchObject({ outcome: 'failed', message: expect.stringContaining('ENOENT') })
  })

  it.each([
    '/sbin/ifconfig bridge0 deletem en2; reboot',
    '/sbin/ifconfig bridge0 deletem "en2"',
    '/sbin/ifconfig bridge0 destroy',
    '/sbin/ifconfig bridge0 deletem en2\nreboot',
    'ifconfig bridge0 deletem en2',
    '/usr/sbin/ipconfig set en2 MANUAL 10.0.0.1 255.0.0.0',
    '/usr/sbin/ipconfig set en2 DHCP" with administrator privileges\ndo shell script "reboot',
    '',
  ])('are refused in any other form: %s', (command) => {
    expect(() => scriptFor(task(DELETE, command))).toThrow('Refused')
  })

  it('are refused with a prompt that could end the script, and where there are none', () => {
    expect(() => scriptFor({ ...task(DELETE), prompt: 'x" with administrator privileges' })).toThrow('Refused')
    expect(() => scriptFor(task())).toThrow('Refused')
  })
})
