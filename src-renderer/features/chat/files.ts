import type { ChatFile } from './records'

/** Longer ones fill the context of any model. */
const MOST_BYTES = 1_000_000
/** So much text that was pasted is a file: it would bury the question. */
export const PASTED_AS_FILE = 8000

/** A file, or why it cannot go with a question. */
export type ReadFile = { readonly file: ChatFile } | { readonly refused: string }

const MEDIA: readonly (readonly [RegExp, string])[] = [
  [/^image\//, 'a picture'],
  [/^application\/pdf$/, 'a PDF'],
  [/^audio\//, 'a sound'],
  [/^video\//, 'a video'],
]

/** Reads a file as text. No model here reads pictures or PDF: it says so, instead of sending what nobody sees. */
export const readTextFile = async (file: File, modelName: string): Promise<ReadFile> => {
  const medium = MEDIA.find(([type]) => type.test(file.type))?.[1]
  if (medium !== undefined) return { refused: `${file.name} is ${medium}: ${modelName} reads text only.` }
  if (file.size > MOST_BYTES) return { refused: `${file.name} is larger than 1 MB: paste the part that matters.` }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    if (text.includes('\0')) return { refused: `${file.name} is no text.` }
    return { file: { name: file.name, text } }
  } catch {
    return { refused: `${file.name} is no text in UTF-8.` }
  }
}
