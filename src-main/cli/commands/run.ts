import { fstatSync } from 'node:fs'
import { text as textOf } from 'node:stream/consumers'
import type { ChatMessage, ChatSettings } from '../api/chat'
import type { CommandContext, CommonOptions } from '../context'
import { CommandError, WRONG_USE, type ExitCode } from '../exit-codes'
import { askOnce } from './run-once'
import { serveModel } from './run-target'

export interface RunOptions extends CommonOptions, ChatSettings {
  readonly model: string
  readonly prompt: readonly string[]
  readonly keep: boolean
  readonly system?: string | undefined
}

const NOTICE_AFTER_MS = 1000

/** Whether standard input is a file or a pipe. A socket means that a parent program left it open without input. */
const isRedirected = (): boolean => {
  try {
    const input = fstatSync(0)
    return input.isFile() || input.isFIFO()
  } catch {
    return false
  }
}

const standardInput = async ({ err }: Pick<CommandContext, 'err'>): Promise<string> => {
  const timer = setTimeout(() => void err.line('Reading the prompt from standard input …'), NOTICE_AFTER_MS)
  try {
    return await textOf(process.stdin)
  } finally {
    clearTimeout(timer)
  }
}

/** The prompt from the arguments and standard input; undefined for a conversation. */
const promptFrom = async (words: readonly string[], context: CommandContext): Promise<string | undefined> => {
  const given = words.join(' ')
  if (process.stdin.isTTY) return words.length === 0 ? undefined : given
  const piped = words.length === 0 || isRedirected() ? await standardInput(context) : ''
  return [given, piped].filter((part) => part.trim() !== '').join('\n\n')
}

/** Asks a model: one question, or a conversation in the terminal. */
export const run = async (options: RunOptions, context: CommandContext): Promise<ExitCode> => {
  const { system, keep, json, temperature, maxTokens } = options
  const prompt = await promptFrom(options.prompt, context)
  if (prompt === '')
    throw new CommandError('There is no prompt', {
      hint: 'Give it as an argument or on standard input; in a terminal, `muster run MODEL` starts a conversation.',
      exitCode: WRONG_USE,
    })
  if (prompt === undefined && json)
    throw new CommandError('--json prints the answer to one question', {
      hint: 'Give the question as an argument.',
      exitCode: WRONG_USE,
    })
  const served = await serveModel(options.model, keep, context)
  const before: ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }]
  const settings = { temperature, maxTokens }
  if (prompt !== undefined)
    return askOnce(
      { ...served, messages: [...before, { role: 'user', content: prompt }], ...settings },
      { json },
      context,
    )
  const { converse } = await import('./run-conversation')
  return converse({ ...served, label: options.model, before, ...settings }, context)
}
