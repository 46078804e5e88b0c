import { Problem } from '../problem'

/**
 * Maximum messages, tools, and parts of all messages, per request. Each is checked and translated on the event loop:
 * tens of thousands would stall other clients' streams.
 */
const MOST = { messages: 10_000, input: 10_000, tools: 2_000, parts: 20_000 } as const

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)

const partsIn = (turns: unknown): number =>
  Array.isArray(turns)
    ? turns.reduce<number>((sum, turn: unknown) => {
        if (typeof turn !== 'object' || turn === null) return sum
        const { content, tool_calls } = turn as { readonly content?: unknown; readonly tool_calls?: unknown }
        return sum + lengthOf(content) + lengthOf(tool_calls)
      }, 0)
    : 0

/** Refuses a body that exceeds one of these limits. Throws Problem. */
export const checkSize = (body: unknown): void => {
  if (typeof body !== 'object' || body === null) return
  const fields = body as Readonly<Record<string, unknown>>
  const refuse = (param: string, what: string, count: number, most: number): void => {
    if (count <= most) return
    const message = `${param}: ${count} ${what}, and the limit is ${most}; send fewer, or join them`
    throw new Problem(400, 'invalid_request', message, { param })
  }
  for (const param of ['messages', 'input'] as const) {
    const turns = fields[param]
    refuse(param, param === 'messages' ? 'messages' : 'items', lengthOf(turns), MOST[param])
    refuse(param, 'parts in all', partsIn(turns), MOST.parts)
  }
  refuse('tools', 'tools', lengthOf(fields['tools']), MOST.tools)
}
