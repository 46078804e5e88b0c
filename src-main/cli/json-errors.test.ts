import type { Argument, Command, Option } from 'commander'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { FAILED, UNREACHABLE, WRONG_USE } from './exit-codes'
import { buildProgram, run } from './program'

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)

/** `['key', 'create']` */
const wordsOf = (command: Command): string[] =>
  command.parent?.parent ? [...wordsOf(command.parent), command.name()] : [command.name()]

const has = (command: Command, long: string): boolean => command.options.some((option) => option.long === long)

const WITH_JSON = leaves(buildProgram(() => undefined)).filter((command) => has(command, '--json'))
const ON_NODE = WITH_JSON.filter((command) => has(command, '--url'))

const Failed = z.strictObject({
  error: z.strictObject({ code: z.string().min(1), message: z.string().min(1), hint: z.string().min(1).optional() }),
})

const folder = mkdtempSync(join(tmpdir(), 'muster-json-errors-'))
const file = join(folder, 'one.yaml')
writeFileSync(file, 'name: one\nmodelId: owner/model\n')
afterAll(() => rmSync(folder, { recursive: true }))

const optionWords = ({ long, mandatory }: Option): string[] => (mandatory && long ? [long, file] : [])
const argumentWords = ({ argChoices, required }: Argument): string[] => (required ? [argChoices?.[0] ?? 'one'] : [])

/** Arguments with which a command goes as far as the node. */
const complete = (command: Command): string[] => {
  const words = [
    ...wordsOf(command),
    ...command.registeredArguments.flatMap(argumentWords),
    ...command.options.flatMap(optionWords),
    // Nobody answers questions here.
    ...(has(command, '--yes') ? ['--yes'] : []),
  ]
  switch (wordsOf(command).join(' ')) {
    case 'rm':
      return [...words, '--unused']
    case 'wait':
      return [...words, 'one']
    default:
      return words
  }
}

describe('errors with --json', () => {
  let printed: { out: string; err: string }

  beforeEach(() => {
    printed = { out: '', err: '' }
    const into =
      (name: keyof typeof printed) =>
      (text: unknown, done?: unknown): boolean => {
        printed[name] += String(text)
        if (typeof done === 'function') (done as () => void)()
        return true
      }
    vi.spyOn(process.stdout, 'write').mockImplementation(into('out'))
    vi.spyOn(process.stderr, 'write').mockImplementation(into('err'))
  })
  afterEach(() => void vi.restoreAllMocks())

  /** The exit code, and the error on the last line of standard error. */
  const failed = async (...argv: string[]) => {
    const exitCode = await run(argv)
    expect(printed.out).toBe('')
    const { error } = Failed.parse(JSON.parse(printed.err.trimEnd().split('\n').at(-1) ?? ''))
    return { exitCode, ...error }
  }

  it.each(WITH_JSON.map((command) => [wordsOf(command).join(' ')] as const))(
    'muster %s says in JSON that it is used wrongly, and nothing else',
    async (name) => {
      const { exitCode, code, message } = await failed(...name.split(' '), '--json', '--nonsense')
      expect([exitCode, code]).toEqual([WRONG_USE, 'wrong_use'])
      expect(message).not.toMatch(/^error/)
      expect(printed.err.trimEnd().split('\n')).toHaveLength(1)
    },
  )

  it.each(
    // These read this process's standard input first.
    ON_NODE.filter((command) => !['login', 'run'].includes(command.name())).map(
      (command) => [wordsOf(command).join(' '), command] as const,
    ),
  )('muster %s says in JSON that no node answers, with the exit code that it has without', async (_name, command) => {
    const argv = [...complete(command), '--url', 'http://127.0.0.1:1']
    const { exitCode, code, message } = await failed(...argv, '--json')
    expect(exitCode).toBe(UNREACHABLE)
    expect(code).toBe('unreachable')
    printed = { out: '', err: '' }
    expect(await run(argv)).toBe(exitCode)
    expect(printed.err).toContain(message.slice(0, 10))
    expect(printed.err).not.toContain('{')
  })

  it('name what was mistyped, and what was meant', async () => {
    expect(await failed('lgs', '--json')).toMatchObject({
      message: "unknown command 'lgs'",
      hint: expect.stringMatching(/^Did you mean .*logs.*\?$/) as string,
    })
  })

  it.each([
    ['--host', ''],
    ['--name', ' '],
    ['--name', 'n'.repeat(101)],
    ['--peer', '10.0.0.256'],
    ['--allow-host', 'http://a'],
  ])('are those of wrong use where serve is given %s %j', async (option, text) => {
    expect(await run(['serve', option, text])).toBe(WRONG_USE)
    expect(printed.err).toContain(option)
  })

  it('are those of commands without a node too', async () => {
    const { exitCode, code, hint } = await failed('update', '--dry-run', '--json')
    expect([exitCode, code]).toEqual([FAILED, 'failed'])
    expect(hint).toContain('git pull')
  })

  it('are text where --json belongs to another program', async () => {
    await run(['launch', 'claude', '--url', 'http://127.0.0.1:1', '--', '--json'])
    expect(printed.err).toMatch(/^No node answers/)
  })
})
