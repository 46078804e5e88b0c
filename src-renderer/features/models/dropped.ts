import type { Attachment } from 'svelte/attachments'
import { hubIdIn } from './recommendations'

/** What was dropped on the page of the hub. */
export type Dropped =
  | { readonly kind: 'words'; readonly words: string }
  /** Files or a folder, which only the machine that keeps models can take. */
  | { readonly kind: 'files' }

/** The longest text that is worth looking for. */
const MOST_CHARACTERS = 200

type Transfer = Pick<DataTransfer, 'getData' | 'types'>

/** A text, as an address of a model if it is one; undefined for what is neither a text nor a file. */
export const droppedIn = (transfer: Transfer): Dropped | undefined => {
  if (transfer.types.includes('Files')) return { kind: 'files' }
  // A browser gives a link as a list of addresses, with comments between them.
  const [link] = transfer
    .getData('text/uri-list')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const text = (link ?? transfer.getData('text/plain')).trim()
  if (text === '' || text.length > MOST_CHARACTERS) return undefined
  return { kind: 'words', words: hubIdIn(text) ?? text }
}

/** Takes texts and files that are dropped on the element; what is dragged inside the app goes elsewhere. */
export const takesDrops =
  (take: (dropped: Dropped) => void): Attachment<HTMLElement> =>
  (element) => {
    const isOurs = ({ dataTransfer }: DragEvent): boolean =>
      dataTransfer !== null &&
      ['Files', 'text/uri-list', 'text/plain'].some((type) => dataTransfer.types.includes(type))
    const over = (event: DragEvent): void => {
      if (isOurs(event)) event.preventDefault()
    }
    const drop = (event: DragEvent): void => {
      const dropped = event.dataTransfer && isOurs(event) ? droppedIn(event.dataTransfer) : undefined
      if (!dropped) return
      event.preventDefault()
      take(dropped)
    }
    element.addEventListener('dragover', over)
    element.addEventListener('drop', drop)
    return () => {
      element.removeEventListener('dragover', over)
      element.removeEventListener('drop', drop)
    }
  }
