import { readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { COMMAND_LINE_SWITCH, commandIn, LINUX_SWITCHES } from './command-line'

vi.mock('electron', () => ({ app: {} }))

it.each([
  ['a command', ['/app', '--no-sandbox', COMMAND_LINE_SWITCH, '--', 'ps', '--json'], ['ps', '--json']],
  ['words of a command that look like the switch', ['/app', COMMAND_LINE_SWITCH, '--', '--', '-h'], ['--', '-h']],
  ['a command without a word', ['/app', COMMAND_LINE_SWITCH, '--'], []],
  ['the app', ['/app'], undefined],
  ['the app with a link', ['/app', `muster://join?${COMMAND_LINE_SWITCH}`, '--', 'ps'], undefined],
  ['the app with a file', ['/app', '--', COMMAND_LINE_SWITCH, '--', 'ps'], undefined],
])('the program is started for %s', (_what, argv, command) => {
  expect(commandIn(argv)).toEqual(command)
})

it('the launcher gives the same switches', () => {
  const launcher = readFileSync(new URL('../../build/package/launcher/muster', import.meta.url), 'utf8')
  expect(launcher).toContain(`${LINUX_SWITCHES.join(' ')} ${COMMAND_LINE_SWITCH} -- "$@"`)
  expect(launcher).toContain(`/MacOS/Muster" ${COMMAND_LINE_SWITCH} -- "$@"`)
})
