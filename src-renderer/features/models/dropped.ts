import type { Attachment } from 'svelte/attachments'
import { hubIdIn } from './recommendations'

/** The longest text that is worth looking for. */
const MOST_CHARACTERS = 200

type Transfer = Pick<DataTransfer, 'getData' | 'types'>

/** The words of a text, as a model's id if it is the address of one; undefined for what is no text. */
export const wordsIn = (transfer: Transfer): string | undefined => {
  if (transfer.types.includes('Files')) return undefined
  // A browser gives a link as a list of addresses, with comments between them.
  const [link] = transfer
    .getData('text/uri-list')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const text = (link ?? transfer.getData('text/plain')).trim()
  if (text === '' || text.length > MOST_CHARACTERS) return undefined
  return hubIdIn(text) ?? text
}

/** Takes texts that are dropped on the element. Files are the window's, and what is dragged inside the app goes elsewhere. */
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
