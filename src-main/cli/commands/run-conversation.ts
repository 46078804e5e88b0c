import { createInterface, type Interface } from 'node:readline'
import { chat, type ChatMessage, type ChatSettings } from '../api/chat'
import type { CommandContext } from '../context'
import { CommandError, DONE, type ExitCode } from '../exit-codes'
import { plainLine } from '../text/plain'
import { CUT_OFF } from './run-once'

export interface Conversation extends ChatSettings {
  readonly model: string
  /** The name that the user gave. */
  readonly label: string
  /** Messages before the first question. */
  readonly before: readonly ChatMessage[]
}

const PROMPT = '>>> '
const PROMPT_WITHIN = '... '
/** Delimits a question of several lines. */
const QUOTES = '"""'
const HELP = [
  'Ctrl-C stops an answer, Ctrl-D ends the conversation.',
  `${QUOTES} begins and ends a question of several lines.`,
  '/clear forgets the conversation, /bye ends it.',
].join('\n')

/** Buffers typed lines, including those typed while an answer is streaming. */
class TypedLines {
  private readonly waiting: string[] = []
  private wake: (() => void) | undefined
  private ended = false

  constructor(readline: Interface) {
    readline.on('line', (line) => {
      this.waiting.push(line)
      this.wake?.()
    })
    readline.on('close', () => {
      this.ended = true
      this.wake?.()
    })
  }

  /** Resolves with undefined at the end of input. */
  async next(): Promise<string | undefined> {
    while (this.waiting.length === 0 && !this.ended)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    return this.waiting.shift()
  }
}

/** Runs a conversation in the terminal until the user ends it. */
export const converse = async (
  { model, label, before, ...settings }: Conversation,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const readline = createInterface({ input: process.stdin, output: process.stdout, terminal: true, prompt: PROMPT })
  const lines = new TypedLines(readline)
  let answering: AbortController | undefined
  readline.on('SIGINT', () => {
    if (answering) answering.abort()
    else if (readline.line !== '') {
      // Discards the typed line, as shells do on Ctrl-C.
      readline.write(null, { ctrl: true, name: 'e' })
      readline.write(null, { ctrl: true, name: 'u' })
    } else {
      process.stdout.write('\nCtrl-D ends the conversation.\n')
      readline.prompt()
    }
  })

  /** Reads a question, which may span several lines; undefined at the end of input. */
  const question = async (): Promise<string | undefined> => {
    readline.setPrompt(PROMPT)
    readline.prompt()
    const first = await lines.next()
    if (first === undefined || !first.trimStart().startsWith(QUOTES)) return first
    const parts = [first.trimStart().slice(QUOTES.length)]
    while (!parts.at(-1)?.trimEnd().endsWith(QUOTES)) {
      readline.setPrompt(PROMPT_WITHIN)
      readline.prompt()
      const line = await lines.next()
      if (line === undefined) return undefined
      parts.push(line)
    }
    return parts.join('\n').trimEnd().slice(0, -QUOTES.length)
  }

  const answer = async (messages: readonly ChatMessage[]): Promise<string> => {
    const stop = new AbortController()
    answering = stop
    let text = ''
    let thinking = false
    let printed = ''
    let cutOff = false
    try {
      for await (const part of chat(api, { model, messages, ...settings }, stop.signal)) {
        if (part.kind === 'thought' || part.kind === 'text') printed = part.text
        if (part.kind === 'thought') {
          thinking = true
          await out.print({ text: part.text, style: 'dim' })
        } else if (part.kind === 'text') {
          if (thinking) await out.print('\n\n')
          thinking = false
          text += part.text
          await out.print(part.text)
        } else if (part.kind === 'end') cutOff = part.reason === 'length'
      }
    } catch (error) {
      if (!stop.signal.aborted) {
        // The error begins a line of its own.
        if (printed !== '' && !printed.endsWith('\n')) await out.print('\n')
        throw error
      }
      await out.print({ text: ' (stopped)', style: 'dim' })
    } finally {
      answering = undefined
    }
    await out.print('\n')
    if (cutOff) await err.line(CUT_OFF)
    return text
  }

  const history: ChatMessage[] = [...before]
  await out.line({ text: `${plainLine(label)} is ready. /help lists the commands.`, style: 'dim' })
  try {
    for (;;) {
      const text = await question()
      if (text === undefined || text.trim() === '/bye') return DONE
      if (text.trim() === '') continue
      if (text.trim() === '/help') await out.line(HELP)
      else if (text.trim() === '/clear') history.splice(0, history.length, ...before)
      else {
        const asked: ChatMessage = { role: 'user', content: text }
        try {
          const content = await answer([...history, asked])
          // An answer stopped before its first word leaves no trace in the conversation.
          if (content !== '') history.push(asked, { role: 'assistant', content })
        } catch (error) {
          if (!(error instanceof CommandError)) throw error
          // The conversation continues: the model may recover.
          await err.line({ text: error.message, style: 'red' })
          if (error.hint !== undefined) await err.line(error.hint)
        }
      }
    }
  } finally {
    readline.close()
  }
}
