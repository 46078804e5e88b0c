import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { parseWith } from '../../body'
import { invalidField } from '../invalid-field'

/** An input item of a response, with the id used as a list cursor. */
export type InputListItem = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
  reasoning: 'rs',
  item_reference: 'ref',
}

const Item = z.looseObject({
  id: z.string().min(1).max(200).optional().catch(undefined),
  type: z.string().default('message'),
})

/** Message content as a list of parts: OpenAI lists text in that form, whatever the client sent. */
const contentOf = (content: unknown, role: unknown): unknown =>
  typeof content === 'string' ? [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: content }] : content

/** The input of a request as a list, each item with its own id or a new one. `input` is as the client sent it. */
export const inputItems = (input: unknown): InputListItem[] => {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : Array.isArray(input) ? input : []
  return items.map((item) => {
    const { id, type, ...rest } = Item.parse(item)
    const made = id ?? `${PREFIXES[type] ?? 'item'}_${randomUUID().replaceAll('-', '')}`
    if (type !== 'message') return { ...rest, id: made, type }
    return { status: 'completed', ...rest, id: made, type, content: contentOf(rest['content'], rest['role']) }
  })
}

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: z.string().optional(),
})

/** Returns one page of the list, newest first by default. Throws Problem. */
export const pageOf = (items: readonly InputListItem[], query: Readonly<Record<string, string>>): object => {
  const { limit, order, after } = parseWith(Page, query)
  const ordered = order === 'asc' ? items : [...items].reverse()
  const begins = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && begins === 0) throw invalidField('after', `the input has no item "${after}"`)
  const data = ordered.slice(begins, begins + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: begins + data.length < ordered.length,
  }
}
