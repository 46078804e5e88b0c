import { isPdf, readPdf } from './pdf-file'
import type { ReadFile } from './read-file'
import { t } from '../../state/texts.svelte'

/** Larger files would exceed any model's context. */
const MOST_BYTES = 1_000_000
/** Pasted text of this length becomes a file, so that it does not bury the question. */
const PASTED_AS_FILE = 8000

/** What a paste adds to the question. */
export type Pasted = { readonly files: readonly File[] } | { readonly text: string }

/**
 * Decides what a paste means; undefined for plain text, which is pasted as usual. Office programs add a picture of
 * copied text: then the text is meant. A copied file also puts its name on the clipboard: then the file is meant.
 */
export const pastedIn = (clipboard: Pick<DataTransfer, 'files' | 'getData' | 'types'>): Pasted | undefined => {
  const files = [...clipboard.files]
  const text = clipboard.getData('text/plain')
  const isDocument = text !== '' && clipboard.types.includes('text/html')
  if (files.length > 0 && !isDocument) return { files }
  return text.length < PASTED_AS_FILE ? undefined : { text }
}

const MEDIA = [
  [/^audio\//, 'sound'],
  [/^video\//, 'video'],
] as const

/** Reads a text file, or the text of a PDF; other binary files are refused, because no model can read them. */
export const readTextFile = async (file: File, modelName: string): Promise<ReadFile> => {
  const { name } = file
  const medium = MEDIA.find(([type]) => type.test(file.type))?.[1]
  if (medium !== undefined) return { refused: t(`chat.refused.${medium}`, { file: name, model: modelName }) }
  if (await isPdf(file)) return readPdf(file)
  if (file.size > MOST_BYTES) return { refused: t('chat.refused.large', { file: name }) }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    if (text.includes('\0')) return { refused: t('chat.refused.noText', { file: name }) }
    return { file: { name, text } }
  } catch {
    return { refused: t('chat.refused.noUtf8', { file: name }) }
  }
}
