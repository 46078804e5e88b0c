import type { Attachment } from 'svelte/attachments'
import { hubIdIn } from './recommendations'

/** Longer texts are not search words. */
const MOST_CHARACTERS = 200

type Transfer = Pick<DataTransfer, 'getData' | 'types'>

/** Search words in dropped text, or the model id in a hub URL; undefined if it is not text. */
export const wordsIn = (transfer: Transfer): string | undefined => {
  if (transfer.types.includes('Files')) return undefined
  // Links arrive as text/uri-list, which may contain comment lines.
  const [link] = transfer
    .getData('text/uri-list')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const text = (link ?? transfer.getData('text/plain')).trim()
  if (text === '' || text.length > MOST_CHARACTERS) return undefined
  return hubIdIn(text) ?? text
}

/** Accepts text dropped on the element. Files and drags inside the app are handled elsewhere. */
export const takesDrops =
  (take: (words: string) => void): Attachment<HTMLElement> =>
  (element) => {
    const isOurs = ({ dataTransfer }: DragEvent): boolean =>
      dataTransfer !== null &&
      !dataTransfer.types.includes('Files') &&
      ['text/uri-list', 'text/plain'].some((type) => dataTransfer.types.includes(type))
    const over = (event: DragEvent): void => {
      if (isOurs(event)) event.preventDefault()
    }
    const drop = (event: DragEvent): void => {
      const words = event.dataTransfer && isOurs(event) ? wordsIn(event.dataTransfer) : undefined
      if (words === undefined) return
      event.preventDefault()
      take(words)
    }
    element.addEventListener('dragover', over)
    element.addEventListener('drop', drop)
    return () => {
      element.removeEventListener('dragover', over)
      element.removeEventListener('drop', drop)
    }
  }
