import { chat, type ChatMessage, type ChatSettings } from '../api/chat'
import type { CommandContext } from '../context'
import { DONE, type ExitCode } from '../exit-codes'

export interface Question extends ChatSettings {
  /** Its name at the node: an id. */
  readonly model: string
  /** Its name for users, which the JSON output shows. */
  readonly label: string
  readonly messages: readonly ChatMessage[]
}

/** The JSON of `muster run --json`. */
export interface RunAnswer {
  readonly model: string
  readonly text: string
  /** Reasoning text before the answer. */
  readonly thought?: string
  /** `stop`, or `length` if the answer was truncated. */
  readonly finishReason: string
  readonly promptTokens?: number
  readonly completionTokens?: number
}

/** Said after an answer that was longer than it may be. */
export const CUT_OFF = 'The answer was cut off at its token limit.'

/** Asks one question and prints the answer on standard output: streamed text, or one JSON document. */
export const askOnce = async (
  question: Question,
  { json }: { readonly json: boolean },
  { api, out, err }: Pick<CommandContext, 'api' | 'out' | 'err'>,
): Promise<ExitCode> => {
  let [text, thought, finishReason] = ['', '', 'stop']
  let tokens: Pick<RunAnswer, 'promptTokens' | 'completionTokens'> = {}
  try {
    for await (const part of chat(api, question)) {
      switch (part.kind) {
        case 'text':
          text += part.text
          if (!json) await out.print(part.text)
          break
        case 'thought':
          thought += part.text
          break
        case 'end':
          finishReason = part.reason
          break
        case 'usage':
          tokens = { promptTokens: part.promptTokens, completionTokens: part.completionTokens }
          break
      }
    }
  } catch (error) {
    // The error begins a line of its own.
    if (!json && text !== '' && !text.endsWith('\n')) await out.print('\n')
    throw error
  }
  if (json)
    await out.json({
      ...{ model: question.label, text },
      ...(thought !== '' && { thought }),
      ...{ finishReason, ...tokens },
    } satisfies RunAnswer)
  else {
    if (!text.endsWith('\n')) await out.print('\n')
    if (finishReason === 'length') await err.line(CUT_OFF)
  }
  return DONE
}
