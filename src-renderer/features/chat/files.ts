import type { ChatFile } from './records'
import { t } from '../../state/texts.svelte'

/** Longer ones fill the context of any model. */
const MOST_BYTES = 1_000_000
/** So much text that was pasted is a file: it would bury the question. */
export const PASTED_AS_FILE = 8000

/** A file, or why it cannot go with a question. */
export type ReadFile = { readonly file: ChatFile } | { readonly refused: string }

const MEDIA = [
  [/^application\/pdf$/, 'pdf'],
  [/^audio\//, 'sound'],
  [/^video\//, 'video'],
] as const

/** Reads a file as text; what is none is refused, instead of sending what no model reads. */
export const readTextFile = async (file: File, modelName: string): Promise<ReadFile> => {
  const { name } = file
  const medium = MEDIA.find(([type]) => type.test(file.type))?.[1]
  if (medium !== undefined) return { refused: t(`chat.refused.${medium}`, { file: name, model: modelName }) }
  if (file.size > MOST_BYTES) return { refused: t('chat.refused.large', { file: name }) }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    if (text.includes('\0')) return { refused: t('chat.refused.noText', { file: name }) }
    return { file: { name, text } }
  } catch {
    return { refused: t('chat.refused.noUtf8', { file: name }) }
  }
}
