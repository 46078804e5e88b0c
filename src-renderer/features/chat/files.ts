import type { ChatFile } from './records'
import { t } from '../../state/texts.svelte'

/** Longer ones fill the context of any model. */
const MOST_BYTES = 1_000_000
/** So much text that was pasted is a file: it would bury the question. */
const PASTED_AS_FILE = 8000

/** What of a clipboard goes along with the question; all else is pasted into it. */
export type Pasted = { readonly files: readonly File[] } | { readonly text: string }

/**
 * Undefined where the text is pasted as it is. Programs for tables and documents put a picture of what is copied beside
 * its text and HTML: there the text is meant. A file that is copied has its name beside it: there the file is.
 */
export const pastedIn = (clipboard: Pick<DataTransfer, 'files' | 'getData' | 'types'>): Pasted | undefined => {
  const files = [...clipboard.files]
  const text = clipboard.getData('text/plain')
  const isDocument = text !== '' && clipboard.types.includes('text/html')
  if (files.length > 0 && !isDocument) return { files }
  return text.length < PASTED_AS_FILE ? undefined : { text }
}

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
