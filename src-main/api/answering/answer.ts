import { textOn, type ContentDelta, type GenerationUpdate, type LogprobEntry } from '@core/generation/stream'
import { failureOf } from '../generation-failure'

export type Delta = Extract<GenerationUpdate, { type: 'delta' }>
/** Prompt progress: how many tokens have been prefilled. */
export type Progress = Extract<GenerationUpdate, { type: 'progress' }>
export type Finished = Extract<GenerationUpdate, { type: 'finished' }>

/** A tool call made by the model. `arguments` is the text of a JSON object. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

/** A complete answer. */
export interface Answer {
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly logprobs: readonly LogprobEntry[] | undefined
  readonly end: Finished
}

/** Assembles tool calls from the deltas of an answer, in order of their index. */
export const toolCallsOf = (content: readonly ContentDelta[]): ToolCall[] => {
  const calls = new Map<number, ToolCall>()
  for (const delta of content) {
    if (delta.channel !== 'toolCall') continue
    const { id, name, arguments: text } = calls.get(delta.index) ?? { id: '', name: '', arguments: '' }
    calls.set(delta.index, { id: delta.id ?? id, name: delta.name ?? name, arguments: text + delta.arguments })
  }
  return [...calls].sort(([one], [other]) => one - other).map(([, call]) => call)
}

/** Collects an answer to its end. Throws Problem if it fails. */
export const collectAnswer = async (updates: AsyncIterable<GenerationUpdate>): Promise<Answer> => {
  const content: ContentDelta[] = []
  let logprobs: LogprobEntry[] | undefined
  for await (const update of updates) {
    switch (update.type) {
      case 'progress':
      case 'embeddings':
        break
      case 'delta':
        for (const delta of update.content) content.push(delta)
        if (update.logprobs) (logprobs ??= []).push(...update.logprobs)
        break
      case 'failed':
        throw failureOf(update)
      case 'finished':
        return {
          text: textOn('text', content),
          reasoning: textOn('reasoning', content),
          toolCalls: toolCallsOf(content),
          logprobs,
          end: update,
        }
    }
  }
  throw failureOf({ type: 'failed', code: 'runner_failed', message: 'The runner ended without an answer' })
}
