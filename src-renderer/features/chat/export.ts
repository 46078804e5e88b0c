import type { ExportedFile } from '../../state/save-file'
import { beginningOf } from '../../state/text'
import { pathTo, questionText } from './branches'
import { pictureUrl, type AnswerMessage, type ChatPicture, type Conversation, type Message } from './records'

/** All branches of the conversations, as stored. */
export const asJson = (
  chats: readonly { readonly conversation: Conversation; readonly messages: readonly Message[] }[],
): ExportedFile => ({
  name: chats.length === 1 ? `${fileName(chats[0]?.conversation.title ?? '')}.json` : 'muster-conversations.json',
  type: 'application/json',
  text: `${JSON.stringify({ format: 'muster-chat', version: 1, conversations: chats }, undefined, 2)}\n`,
})

const callsText = ({ calls = [] }: AnswerMessage): string[] =>
  calls.map(({ name, arguments: text }) => `Calls \`${name}\`:\n\n\`\`\`json\n${text}\n\`\`\``)

const pictureText = (picture: ChatPicture): string =>
  `![${picture.name.replace(/[[\]\\]/g, '\\$&').replace(/\s+/g, ' ')}](${pictureUrl(picture)})`

const section = (message: Message): string => {
  switch (message.role) {
    case 'user':
      return ['## You', ...(message.pictures ?? []).map(pictureText), questionText(message.text, message.files)]
        .filter(Boolean)
        .join('\n\n')
    case 'assistant':
      return [`## ${message.model}`, message.text, ...callsText(message)].filter(Boolean).join('\n\n')
    case 'tool':
      return message.results.map(({ name, text }) => `## Result of ${name}\n\n${text}`).join('\n\n')
  }
}

/** The shown branch as readable text. */
export const asMarkdown = (conversation: Conversation, messages: readonly Message[], leafId?: string): ExportedFile => {
  const { title, options } = conversation
  const system = options.system ? [`> ${options.system.replaceAll('\n', '\n> ')}`] : []
  const path = pathTo(messages, leafId ?? conversation.leafId)
  return {
    name: `${fileName(title)}.md`,
    type: 'text/markdown',
    text: `${[`# ${title}`, ...system, ...path.map(section)].join('\n\n')}\n`,
  }
}

/** Restricted to characters that all file systems accept. Marks are parts of letters, as in Hindi. */
const fileName = (title: string): string =>
  beginningOf(
    title
      .replace(/[^\p{L}\p{M}\p{N} _-]+/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
    80,
  ) || 'chat'
