import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { LoadOnRequest } from '@core/settings/node'
import { LOAD_ON_REQUEST } from './groups/serve-options'
import { buildProgram } from './program'

const visible = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => [one, ...visible(one)])

/** `key create` */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()

const COMMANDS = visible(buildProgram(() => undefined))
const ON_NODE = COMMANDS.filter((command) => command.options.some(({ long }) => long === '--url'))

const helpOf = (command: Command): string => {
  let text = ''
  command.configureOutput({ writeOut: (more) => void (text += more) })
  command.outputHelp()
  return text
}

describe('the program', () => {
  it.each(COMMANDS.map((command) => [nameOf(command), command] as const))('has examples for %s', (name, command) => {
    expect(helpOf(command)).toMatch(new RegExp(`Examples:\\n[^]*muster ${name}`))
  })

  it.each(COMMANDS.map((command) => [nameOf(command)] as const))('has %s in docs/cli.md', (name) => {
    const docs = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'cli.md'), 'utf8')
    expect(docs).toContain(`\`muster ${name}`)
  })

  it('takes --url, --key and --json wherever a node is asked', () => {
    expect(ON_NODE.length).toBeGreaterThan(20)
    for (const command of ON_NODE)
      expect(command.options.map(({ long }) => long)).toEqual(expect.arrayContaining(['--url', '--key', '--json']))
  })

  it('knows the choices of the settings without loading their schema', () => {
    expect(LOAD_ON_REQUEST).toEqual(LoadOnRequest.options)
  })
})
