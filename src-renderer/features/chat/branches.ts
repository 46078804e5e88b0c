import { pictureUrl, type ChatFile, type ChatPicture, type Message, type ToolCall } from './records'
import { beginningOf } from '../../state/text'
import { t } from '../../state/texts.svelte'

/** Messages form a tree: an edited question or a regenerated answer is a sibling. One path from the root is shown. */

const byTime = (a: Message, b: Message): number => a.at - b.at || (a.id < b.id ? -1 : 1)

const childrenOf = (messages: readonly Message[], parentId: string | undefined): readonly Message[] =>
  messages.filter((message) => message.parentId === parentId).sort(byTime)

/** The path from the first message to this one; empty if it does not exist. */
export const pathTo = (messages: readonly Message[], leafId: string | undefined): readonly Message[] => {
  const byId = new Map(messages.map((message) => [message.id, message]))
  const path: Message[] = []
  const seen = new Set<string>()
  for (let next = leafId; next !== undefined && !seen.has(next);) {
    seen.add(next)
    const message = byId.get(next)
    if (!message) return []
    path.unshift(message)
    next = message.parentId
  }
  return path
}

/** The end of the newest branch below a message; without one, of the whole tree. */
export const newestLeaf = (messages: readonly Message[], below?: string): string | undefined => {
  let leaf = below
  for (const seen = new Set<string | undefined>(); !seen.has(leaf);) {
    seen.add(leaf)
    leaf = childrenOf(messages, leaf).at(-1)?.id ?? leaf
  }
  return leaf
}

/** A message and its siblings, and its index among them. */
export interface Siblings {
  readonly all: readonly Message[]
  readonly index: number
}

export const siblingsOf = (messages: readonly Message[], message: Message): Siblings => {
  const all = childrenOf(messages, message.parentId)
  return { all, index: all.findIndex(({ id }) => id === message.id) }
}

/**
 * The leaf to show after another tab's write: the newest below this tab's leaf; if that is gone, the newest below the
 * conversation's recorded leaf, else of the whole tree.
 */
export const leafAfter = (
  messages: readonly Message[],
  { own, recorded }: { readonly own: string | undefined; readonly recorded: string | undefined },
): string | undefined => {
  const exists = (id: string | undefined): boolean => messages.some((message) => message.id === id)
  if (exists(own)) return newestLeaf(messages, own)
  // A message is saved shortly before the record refers to it.
  return newestLeaf(messages, exists(recorded) ? recorded : undefined)
}

type UserPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }

/** A message in the format of `POST /v1/chat/completions`. */
export type ApiMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly UserPart[] }
  | { readonly role: 'assistant'; readonly content: string; readonly tool_calls?: readonly object[] }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string }

/** A fence longer than any run of backticks in the text. */
const fenceFor = (text: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  return '`'.repeat(longest + 1)
}

const fileText = ({ name, text }: ChatFile): string => {
  const fence = fenceFor(text)
  return `File ${name}:\n${fence}\n${text}\n${fence}`
}

/** The question as the model reads it, with its files inlined. */
export const questionText = (text: string, files: readonly ChatFile[] = []): string =>
  [...files.map(fileText), ...(text === '' ? [] : [text])].join('\n\n')

/** Pictures precede the text about them. */
const userContent = (text: string, pictures: readonly ChatPicture[] = []): string | readonly UserPart[] => {
  if (pictures.length === 0) return text
  const shown = pictures.map((picture): UserPart => ({ type: 'image_url', image_url: { url: pictureUrl(picture) } }))
  return text === '' ? shown : [...shown, { type: 'text', text }]
}

const apiCall = ({ id, name, arguments: text }: ToolCall): object => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})

const apiMessages = (message: Message): readonly ApiMessage[] => {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: userContent(questionText(message.text, message.files), message.pictures) }]
    case 'assistant': {
      const calls = message.calls ?? []
      return [{ role: 'assistant', content: message.text, ...(calls.length > 0 && { tool_calls: calls.map(apiCall) }) }]
    }
    case 'tool':
      return message.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text }))
  }
}

/** Number of pictures on the path. */
export const picturesOn = (path: readonly Message[]): number =>
  path.reduce((count, message) => count + ((message.role === 'user' && message.pictures?.length) || 0), 0)

/**
 * The messages to send: the path in a form that chat templates accept. Roles alternate, so unanswered questions are
 * omitted, and so are tool calls without results.
 */
export const promptOf = (path: readonly Message[], system = ''): readonly ApiMessage[] => [
  ...(system.trim() === '' ? [] : [{ role: 'system', content: system } as const]),
  ...path.flatMap((message, at): readonly ApiMessage[] => {
    const next = path[at + 1]
    if (message.role === 'user' && next?.role === 'user') return []
    if (message.role !== 'assistant' || !message.calls || next?.role === 'tool') return apiMessages(message)
    return apiMessages({ ...message, calls: [] })
  }),
]

const TITLE_LENGTH = 60

/** A title: the start of the first question on one line, or the name of its first attachment. */
export const titleOf = (text: string, attached: readonly { readonly name: string }[] = []): string => {
  const line = text.replace(/\s+/g, ' ').trim() || (attached[0]?.name ?? '')
  if (line.length <= TITLE_LENGTH) return line || t('chat.newChat')
  const cut = beginningOf(line, TITLE_LENGTH)
  return `${beginningOf(cut, Math.max(cut.lastIndexOf(' '), TITLE_LENGTH / 2)).trimEnd()}…`
}
